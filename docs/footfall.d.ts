// Types of Footfall's API v1, made from its OpenAPI document by `footfall openapi --typescript`. Do not edit.
// Dates are ISO 8601 strings with an offset, ids are UUIDs, and binary parts of uploads are Blobs.

export interface ApiKey {
  key_id: string;
  name: string;
  role: "tenant_admin" | "site_manager" | "worker";
  camera_ids?: string[] | null;
  site_ids?: string[] | null;
  /** Neither revoked nor expired. */
  live: boolean;
  created_at: string;
  created_by?: string | null;
  expires_at?: string | null;
  revoked_at?: string | null;
  /** To the minute. */
  last_used_at?: string | null;
  version: number;
}

export interface ApiKeyCreate {
  /** What the key is for. */
  name: string;
  role?: "tenant_admin" | "site_manager" | "worker";
  /** Only these; null: every camera, also those to come. */
  camera_ids?: string[] | null;
  /** For a site_manager's key: only these; null: every site, also those to come. */
  site_ids?: string[] | null;
  expires_at?: string | null;
}

export interface ApiKeyGrant {
  grant_type: "api_key";
  api_key: string;
}

export interface ApiKeyPage {
  items: ApiKey[];
  next_cursor?: string | null;
}

/** What is left out stays as it is. The role does not change: make another key. */
export interface ApiKeyPatch {
  name?: string | null;
  /** null: every camera. */
  camera_ids?: string[] | null;
  /** null: every site. */
  site_ids?: string[] | null;
  /** null: never. */
  expires_at?: string | null;
}

export interface ApiKeyRotate {
  /** The secret before works on for this long. */
  overlap_seconds?: number;
}

/** Who did what to which record, when and from where. */
export interface AuditEntry {
  audit_id: number;
  at: string;
  /** `user:<id>` or `key:<id>`, or the name of a job that acts by itself. */
  actor: string;
  /** `<subject>.<verb>`, for instance `site.changed`. */
  action: string;
  subject_kind: string;
  subject_id: string;
  detail: Record<string, unknown>;
  /** None for what the machine does by itself. */
  client_address?: string | null;
  /** The request's `X-Request-ID`. */
  request_id?: string | null;
  /** Its place in the tenant's chain; none when the chain was tampered with. */
  seq?: number | null;
  /** SHA-256 in hex over the link before, the place and the entry: keep the latest somewhere else, and `footfall audit verify --anchors` proves that nothing before it was changed. */
  link?: string | null;
}

export interface AuditPage {
  items: AuditEntry[];
  next_cursor?: string | null;
}

/** One hour of one day at one site. */
export interface BusyHour {
  site_id: string;
  site_name: string;
  hour_start: string;
  visits: number;
}

/** A cosine with its 95 % interval, from people drawn anew. */
export interface CalibratedThreshold {
  value: number;
  low: number;
  high: number;
}

/** Thresholds in force and their provenance. Statistics alone: no template and nobody's id is in it. */
export interface CalibrationReport {
  model_version: string;
  /** When the gallery was measured last; null before. */
  calibrated_at: string | null;
  /** What the thresholds rest on, as every face event records it. */
  source: string;
  /** Share of strangers who may be taken for somebody. */
  target_fpir: number;
  /** Share of strangers who may score over the lower threshold. */
  unsure_fpir: number;
  /** People who can be matched now. */
  gallery_people: number;
  /** What they are worth in people with one template; never under what thresholds are made for. */
  gallery_size: number;
  /** The tenant's own people who were measured. */
  own_people: number;
  own_pairs: number;
  own_genuine_pairs: number;
  /** What they weigh against the bundled background. */
  own_weight: number;
  background_people: number;
  threshold_low: CalibratedThreshold;
  threshold_high: CalibratedThreshold;
  /** Share of genuine scores under the upper threshold, as far as was measured. */
  expected_miss_rate: number | null;
  /** What the thresholds lack, in words. */
  notes: string[];
  bin_width: number;
  impostors: ScoreDistribution;
  genuine: ScoreDistribution;
  /** The model versions that stand, the one served first. */
  versions?: VersionCoverage[];
}

/** What a worker needs to know of its camera, the tenant's privacy mode included. Of its source, never the credentials. */
export interface Camera {
  source_url?: string | null;
  /** Regions in which faces are ignored, such as a poster or a street. */
  masks?: (([number, number])[])[];
  settings?: CameraSettings;
  site_id: string;
  name: string;
  camera_id: string;
  enabled: boolean;
  privacy_mode: "count_only" | "staff_only" | "identify";
  /** The embedder version that events must be made with. */
  model_version: string;
  created_at: string;
  /** Grows with every change; the ETag names it. */
  version?: number;
  archived_at?: string | null;
}

export interface CameraCreate {
  source_url?: string | null;
  /** Regions in which faces are ignored, such as a poster or a street. */
  masks?: (([number, number])[])[];
  settings?: CameraSettings;
  site_id: string;
  name: string;
}

/** What one camera delivered on one day on which it saw anyone. Counts are of sightings, not of people. */
export interface CameraDayRow {
  site_id: string;
  site_name: string;
  bucket_start: string;
  camera_id: string;
  /** None of a camera that is gone. */
  camera_name: string | null;
  sightings: number | null;
  /** Faces under the quality floor. */
  poor_quality_sightings: number | null;
  /** Faces between the thresholds. */
  unsure_sightings: number | null;
  /** One person's: never told to a site manager. */
  first_sighting_at: string | null;
  /** One person's: never told to a site manager. */
  last_sighting_at: string | null;
  mean_quality_score: number | null;
  /** From the best shot to the server; below 0 where a worker's clock runs ahead. */
  median_delay_seconds: number | null;
  /** More than five minutes on their way: kept in an outbox. */
  late_sightings: number | null;
  /** More than five seconds ahead of the server: a worker's clock is wrong. */
  sightings_from_the_future: number | null;
  suppressed?: boolean;
}

/** One camera as its worker sees it. Rates are over the time since the heartbeat before. */
export interface CameraHealth {
  camera_id: string;
  /** False when it was told to stop, or is disabled. */
  running: boolean;
  connected: boolean;
  /** Frames a second that the source gave. */
  fps: number;
  /** Since the worker started. */
  frames_dropped: number;
  last_frame_at?: string | null;
  last_frame_age_seconds?: number | null;
  /** The picture has lost its detail. */
  blurred?: boolean | null;
  /** Something covers the lens, or the picture is black. */
  occluded?: boolean | null;
  trouble?: string | null;
}

/** Days on which cameras saw anyone, as dbt built them last (`as_of` says when). */
export interface CameraHealthReport {
  as_of: string | null;
  rows: CameraDayRow[];
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
}

export interface CameraPage {
  items: Camera[];
  next_cursor?: string | null;
}

/** What is left out stays as it is. `masks` and `settings` are replaced whole; `source_url` null forgets it. */
export interface CameraPatch {
  name?: string | null;
  /** A camera that is not takes no events. */
  enabled?: boolean | null;
  source_url?: string | null;
  masks?: (([number, number])[])[] | null;
  settings?: CameraSettings | null;
  /** An archived camera takes no events and is no longer listed; what it saw stays. */
  archived?: boolean | null;
}

/** What a worker follows for this camera in place of its own configuration; what is absent stays the worker's. */
export interface CameraSettings {
  /** Least time between two detections. */
  detect_every_seconds?: number | null;
  /** A track this old is sure and is sent. */
  sure_after_seconds?: number | null;
  /** A face unseen this long has left. */
  lost_after_seconds?: number | null;
}

/** What a camera saw in [since, until): its sightings, their images and templates, and visits that rest on them alone. */
export interface CameraSubject {
  kind: "camera";
  camera_id: string;
  since: string;
  until: string;
}

/** What is signed. It holds no name, no id and no image of anybody. */
export interface Certificate {
  schema_name?: "Footfall.PurgeCertificate.v1";
  certificate_id: string;
  /** The request's id, hashed as the subject's. */
  request_sha256: string;
  /** The tenant's id, hashed as the subject's. */
  tenant_sha256: string;
  subject: CertificateSubject;
  salt: string;
  requested_at: string;
  started_at: string;
  verified_at: string;
  issued_at: string;
  stores: StoreProof[];
  /** What stays on purpose, and until when. */
  kept: string[];
  code_version: string;
  /** RFC 7638 thumbprint of the public key that it was signed with. */
  key_thumbprint: string;
}

/** Who it is about, for those who know the id alone: SHA-256 of the salt, a colon and the id. */
export interface CertificateSubject {
  kind: "customer" | "staff" | "tenant" | "camera";
  sha256: string;
  since?: string | null;
  until?: string | null;
}

/** Customers whose first visit began in one week or month of its site's local time. */
export interface Cohort {
  /** First day of the week or month. */
  cohort_start: string;
  new_customers: number;
  /** Those whose time to come again is over, and who can be judged. */
  observed: number;
  /** Of the observed, those who came again in that time. */
  returned: number;
  /** None where nobody was observed for long enough. */
  rate: number | null;
}

/** Customers who came to a site in one week, of those who came to any site of the tenant for the first time in another or the same one. Each counts once a week. */
export interface CohortRow {
  site_id: string;
  site_name: string;
  /** Monday of the week in which they came. */
  bucket_start: string;
  /** Monday of the week in which they came for the first time. */
  cohort_week: string;
  /** Weeks between the two; 0 in the first. */
  weeks_since: number;
  customers: number | null;
  suppressed?: boolean;
}

/** Weeks and how many of which earlier week's new customers came in them, as dbt built them last (`as_of` says when). */
export interface CohortsReport {
  as_of: string | null;
  rows: CohortRow[];
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
}

export interface Command {
  command_id: string;
  worker_id: string;
  command: Start | Stop | Snapshot | ReloadGallery | RecognitionTest | SetConfig | Forget;
  state: "queued" | "sent" | "acknowledged" | "running" | "succeeded" | "failed" | "expired";
  /** How it reached the worker. */
  delivery?: "heartbeat" | "direct" | null;
  created_by: string;
  created_at: string;
  expires_at: string;
  sent_at?: string | null;
  acknowledged_at?: string | null;
  started_at?: string | null;
  finished_at?: string | null;
  result?: SwitchResult | SnapshotResult | GalleryResult | RecognitionTestOutcome | ConfigResult | ForgetResult | null;
  error?: string | null;
  /** Its picture can still be fetched. */
  has_image?: boolean;
}

export interface CommandCreate {
  command: Start | Stop | Snapshot | ReloadGallery | RecognitionTest | SetConfig | Forget;
  /** Not begun by then: not begun at all. */
  expires_in_seconds?: number;
}

/** A command on its way to the worker. It may arrive more than once, and is carried out once. */
export interface CommandOrder {
  command_id: string;
  command: Start | Stop | Snapshot | ReloadGallery | RecognitionTest | SetConfig | Forget;
  /** From when it was sent; two machines' clocks may differ. */
  expires_in_seconds: number;
}

export interface CommandPage {
  items: Command[];
  next_cursor?: string | null;
}

/** `acknowledged`: the worker has it and will not lose it; `running`: it has begun. */
export interface CommandProgress {
  state: "acknowledged" | "running";
}

/** What came of a command. A picture goes beside it. */
export interface CommandReport {
  state: "succeeded" | "failed";
  result?: SwitchResult | SnapshotResult | GalleryResult | RecognitionTestOutcome | ConfigResult | ForgetResult | null;
  error?: string | null;
}

export interface ComponentHealth {
  name: string;
  healthy: boolean;
  detail: string;
}

export interface ConfigResult {
  kind: "set-config";
  configuration_version: number;
  /** In force now. */
  applied: string[];
  /** The worker's own file or environment says otherwise. */
  pinned: string[];
  after_restart: string[];
}

/** An entry of the log of corrections. `undone_by` is set once it was taken back. */
export interface Correction {
  correction_id: string;
  kind: "merge" | "split" | "detach" | "promote" | "move_sighting" | "move_face" | "undo";
  at: string;
  actor: string;
  /** Everybody whom it concerned. */
  people: PersonRef[];
  /** The person whom it made. */
  created?: PersonRef | null;
  /** Sightings that changed hands. */
  sightings: number;
  /** Templates that changed galleries. */
  templates: number;
  undoes?: string | null;
  undone_by?: string | null;
}

export interface CorrectionPage {
  items: Correction[];
  next_cursor?: string | null;
}

export interface CustomerPage {
  items: CustomerProfileV1[];
  next_cursor?: string | null;
}

/** What is left out stays as it is; `external_ref` null takes the number away. */
export interface CustomerPatch {
  external_ref?: string | null;
}

/** What is known of a visitor with an identity. Never an image, never a template. */
export interface CustomerProfileV1 {
  type?: "CustomerProfile.v1";
  customer_id: string;
  tenant_id: string;
  first_seen_at: string;
  last_seen_at: string;
  visits: number;
  site_ids: string[];
  templates: number;
  /** The company's own number for the visitor, of a loyalty card for instance. */
  external_ref?: string | null;
  /** Grows with every change of `external_ref`; the ETag names it. */
  version?: number;
}

export interface CustomerSubject {
  kind: "customer";
  customer_id: string;
}

/** Days on which somebody came and how long they stayed, as dbt built them last (`as_of` says when). */
export interface DailyDwellReport {
  as_of: string | null;
  rows: DailyDwellRow[];
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
}

/** How long the visitors of one day stayed at a site. Of too few visits nothing is told; of a length that too few stayed for the count is null, and with it that of another length, which their sum would tell. */
export interface DailyDwellRow {
  site_id: string;
  site_name: string;
  bucket_start: string;
  visitor_visits: number | null;
  mean_seconds: number | null;
  median_seconds: number | null;
  /** Nine of ten stayed for less. */
  p90_seconds: number | null;
  under_1_minute: number | null;
  from_1_to_5_minutes: number | null;
  from_5_to_15_minutes: number | null;
  from_15_to_60_minutes: number | null;
  /** An hour or more. */
  over_1_hour: number | null;
  suppressed?: boolean;
}

/** One day of a site, without anybody or not, beside what is usual there. `suppressed`: counts of so few people that the caller's role may not see them are null, and so is whatever would tell them. */
export interface DayRow {
  site_id: string;
  site_name: string;
  bucket_start: string;
  visitor_visits: number | null;
  new_visitors: number | null;
  returning_visitors: number | null;
  /** None on a day without visitors. */
  returning_share: number | null;
  /** On that weekday a week before; none in a first week. */
  visitor_visits_week_before: number | null;
  /** Change against that weekday as a share of it; none where nobody came then. */
  week_over_week: number | null;
  /** Mean of that weekday in up to eight weeks before. */
  usual_visits: number | null;
  /** Busier or quieter than usual, by more than six square roots of the usual count; none before four such weekdays have passed, or while the day lasts. */
  anomaly: "high" | "low" | null;
  suppressed?: boolean;
}

/** Each day from a site's first to its latest, as dbt built them last (`as_of` says when). */
export interface DaysReport {
  as_of: string | null;
  rows: DayRow[];
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
}

/** A decision and everything it rested on. */
export interface Decision {
  kind: "staff" | "customer" | "new_customer" | "unsure" | "poor_quality" | "stranger" | "counted";
  reason: string;
  person_kind?: "staff" | "customer" | null;
  person_id?: string | null;
  score?: number | null;
  /** Lead over the second person; none when there is no second. */
  margin?: number | null;
  threshold_low: number;
  threshold_high: number;
  threshold_source: string;
}

/** The track's best shot. */
export interface DetectedFaceV1 {
  box: FaceBox;
  landmarks: [[number, number], [number, number], [number, number], [number, number], [number, number]];
  quality: FaceQualityReport;
  frame: FrameSize;
}

/** How visits are spread. Cells without a visit are there as well, but for cameras. */
export interface DistributionReport {
  since: string;
  until: string;
  as_of: string;
  /** Visits that the report rests on. */
  visits: number;
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
  by: "hour_of_week" | "camera" | "person_kind" | "dwell";
  rows: DistributionRow[];
}

/** One cell; of the fields before `visits` those are set that the report is by. */
export interface DistributionRow {
  weekday?: number | null;
  hour?: number | null;
  camera_id?: string | null;
  camera_name?: string | null;
  person_kind?: "staff" | "customer" | null;
  from_seconds?: number | null;
  /** None where the bucket has no end. */
  to_seconds?: number | null;
  visits: number;
  /** Of all visits. A visit that two cameras have seen is in the row of either. */
  share: number;
}

export interface DwellBucket {
  from_seconds: number;
  /** None where the bucket has no end. */
  to_seconds?: number | null;
  visits: number;
  share: number;
}

/** How long visits last, from the first to the last sighting; one that is still open counts as long as it is. */
export interface DwellReport {
  since: string;
  until: string;
  as_of: string;
  /** Visits that the report rests on. */
  visits: number;
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
  overall: DwellStatistics;
  sites: DwellStatistics[];
}

/** Of visits' lengths, in seconds; none of the figures without a visit. `site_id` None: of all sites together. */
export interface DwellStatistics {
  site_id?: string | null;
  site_name?: string | null;
  visits: number;
  mean_seconds: number | null;
  median_seconds: number | null;
  p75_seconds: number | null;
  p90_seconds: number | null;
  p95_seconds: number | null;
  longest_seconds: number | null;
  histogram: DwellBucket[];
}

/** An L2-normalised template, bound to the model that made it. */
export interface Embedding {
  model_version: string;
  /** 512 little-endian float32, L2 norm 1, base64. */
  vector: string;
}

/** A result for every photograph, in the order in which they were sent. */
export interface EnrolmentReport {
  staff_id: string;
  enrolled: number;
  items: PhotographResult[];
}

export interface ErasureOrder {
  /** Where the person's own request is recorded: a form's number, a letter's date. */
  reference: string;
  subject: CustomerSubject | StaffSubject | CameraSubject;
}

/** That somebody is to be forgotten: what was asked for, and what came of it. Nothing is said to be erased before it is proved. */
export interface ErasureRequest {
  request_id: string;
  subject_kind?: "customer" | "staff" | "tenant" | "camera";
  customer_id?: string | null;
  staff_id?: string | null;
  camera_id?: string | null;
  since?: string | null;
  until?: string | null;
  status: "open" | "running" | "waiting" | "failed" | "completed" | "withdrawn";
  reference: string;
  requested_at: string;
  requested_by: string;
  /** One month after it was asked for (GDPR, Article 12(3)). */
  due_at: string;
  /** Until then a tenant's end can be taken back. */
  not_before?: string | null;
  /** Why it waits, or what failed. */
  error?: string | null;
  /** When its certificate was issued. */
  completed_at?: string | null;
  /** In their order; none before it has begun. */
  steps?: ErasureStep[];
}

export interface ErasureRequestCreate {
  /** Where the person's own request is recorded: a form's number, a letter's date. */
  reference: string;
}

export interface ErasureRequestPage {
  items: ErasureRequest[];
  next_cursor?: string | null;
}

export interface ErasureStep {
  step: "rows" | "keys" | "vectors" | "objects" | "workers" | "marts" | "remains" | "proof";
  state: "pending" | "running" | "waiting" | "failed" | "done";
  attempts: number;
  /** What was erased, or looked at, by what it is. */
  counts?: Record<string, number>;
  error?: string | null;
  started_at?: string | null;
  finished_at?: string | null;
}

/** A face event whose template the server's own look at its picture contradicted: a worker is broken or lies. */
export interface EventAlarm {
  event_id: string;
  verdict: "agrees" | "disagrees" | "no_face";
  /** Of the two templates; none where no face was found. */
  cosine?: number | null;
  site_id: string;
  camera_id: string;
  worker: string;
  captured_at: string;
  committed_at: string;
  /** What was made of the face in the picture. */
  decision: "staff" | "customer" | "new_customer" | "unsure" | "poor_quality" | "stranger" | "counted";
}

export interface EventAlarmPage {
  items: EventAlarm[];
  next_cursor?: string | null;
}

/** What became of one event of a batch: exactly one of `receipt` and `problem`. */
export interface EventBatchItem {
  /** The event's place in the batch, from 0. */
  index: number;
  /** None where the event could not be read so far. */
  event_id?: string | null;
  receipt?: EventReceipt | null;
  /** Why it was refused. One with status 408, 429 or 503 is worth sending again. */
  problem?: Problem | null;
}

/** The answer to a batch, which may have been taken in part: look at every item. They stand in the batch's order. */
export interface EventBatchReceipt {
  items: EventBatchItem[];
  recorded: number;
  /** Events that were recorded before; not among `recorded`. */
  duplicates: number;
  refused: number;
}

/** The answer to a face event. A repeated event gets the first answer again, with `duplicate` true. */
export interface EventReceipt {
  event_id: string;
  revision: number;
  duplicate: boolean;
  decision: Decision;
  visit_id?: string | null;
  committed_at: string;
  /** What the server's own look at the picture said; none when it did not look. */
  recheck?: "agrees" | "disagrees" | "no_face" | null;
}

/** Why a question is asked. Scores are cosines of templates; `threshold_*` are those that matching uses. */
export interface Evidence {
  /** Duplicate: of the two nearest templates. Mixture: of the two groups' nearest. */
  score: number;
  threshold_low: number;
  threshold_high: number;
  threshold_source: string;
  /** Templates on each side. */
  templates: [number, number];
  /** Sightings on each side. */
  sightings: [number, number];
  last_seen_at: [string | null, string | null];
  /** Times that both were seen at once by two cameras of one site. */
  at_once?: number;
  /** Mixture: the sightings that a split would take out. */
  event_ids?: string[];
  /** Paths of faces' pictures on this API, first side first. */
  crops?: string[];
}

/** Axis-aligned box in pixels of the frame or image it was found in; origin top left. */
export interface FaceBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How one photograph stands to the person's others. `agreement`: its best cosine with another. */
export interface FaceConsistency {
  face_id: string;
  agreement?: number | null;
  /** It may show somebody else: it does not reach the low threshold with any other. */
  outlier: boolean;
  expired: boolean;
  crop: "ok" | "missing" | "corrupt";
  note?: string | null;
}

/** One face event. Sent with revision 0 once the track is sure, and with revision 1, under the same `event_id` and with the whole span, once it has ended. Either may arrive first, or alone, or twice. */
export interface FaceDetectedV1 {
  type?: "Event.FaceDetected.v1";
  event_id: string;
  revision?: number;
  camera_id: string;
  worker: string;
  /** When the best shot was taken. */
  captured_at: string;
  track: Track;
  face: DetectedFaceV1;
  /** Absent in count_only, and for faces under the quality floor. */
  embedding?: Embedding | null;
  pipeline: Pipeline;
}

/** How fit a face is for matching. `score` is the product's own 0..1 summary; the rest are its parts. */
export interface FaceQualityReport {
  score: number;
  /** Shorter side of the box, pixels. */
  size_px: number;
  /** Variance of the Laplacian over the aligned grey 112x112 crop. */
  sharpness: number;
  /** Turn of the head estimated from landmarks; 0 is frontal. */
  yaw_deg: number;
  /** Tilt of the eye line; 0 is level. */
  roll_deg: number;
  detection_score: number;
}

/** One field of a request that failed validation. */
export interface FieldProblem {
  /** JSON pointer of the field, or the parameter's name. */
  field: string;
  message: string;
}

/** Part of an erasure: the worker drops what waits of a camera and a time, or of all, or takes face and template out of it; and forgets the staff gallery, to fetch it anew. */
export interface Forget {
  kind: "forget";
  request_id: string;
  camera_id?: string | null;
  /** What was captured from then on; null: ever. */
  since?: string | null;
  /** What was captured before then; null: until now. */
  until?: string | null;
  /** Drop sightings that wait; else they lose face and template alone. */
  drop?: boolean;
  /** Forget the staff gallery. */
  gallery?: boolean;
}

export interface ForgetResult {
  kind: "forget";
  /** Sightings that waited and went. */
  dropped: number;
  /** Sightings that wait without face and template. */
  stripped: number;
  gallery_forgotten: boolean;
}

export interface FrameSize {
  width: number;
  height: number;
}

export interface GalleryResult {
  kind: "reload-gallery";
  templates: number;
  changed: boolean;
}

/** What a worker says of itself, every `heartbeat_seconds`. */
export interface Heartbeat {
  release: string;
  started_at: string;
  /** Null: it cannot be reached directly. */
  advertised_url?: string | null;
  cameras?: CameraHealth[];
  outbox?: OutboxHealth | null;
  /** What it runs with; 0: none of the API's. */
  configuration_version?: number;
}

export interface HeartbeatAnswer {
  heartbeat_seconds: number;
  configuration_version: number;
  /** Only when the worker has another one. */
  configuration?: WorkerConfiguration | null;
  /** To be carried out in this order; each once. */
  commands: CommandOrder[];
}

/** Who the caller is. */
export interface Identity {
  tenant_id: string;
  tenant_slug: string;
  tenant_name: string;
  role: "system_admin" | "tenant_admin" | "site_manager" | "worker";
  /** As the audit log names the caller. */
  subject: string;
  /** Of a person. */
  email?: string | null;
  /** Of an API key. */
  key_name?: string | null;
  /** null: every site. */
  site_ids?: string[] | null;
  /** null: every camera. */
  camera_ids?: string[] | null;
  session_id: string;
  acting?: Impersonation | null;
}

/** The system administrator behind a caller who switched tenants. */
export interface Impersonation {
  /** Their home. */
  tenant_id: string;
  user_id: string;
}

/** A hold stands until it is lifted, and stays on record after that. */
export interface LegalHold {
  hold_id: string;
  subject_kind: "tenant" | "camera" | "customer" | "staff";
  subject_id: string;
  reference: string;
  placed_at: string;
  placed_by: string;
  lifted_at?: string | null;
  lifted_by?: string | null;
}

export interface LegalHoldCreate {
  /** What is held: everything of the tenant, or of one camera or person. */
  subject_kind: "tenant" | "camera" | "customer" | "staff";
  /** Its id; of a tenant, the caller's own. */
  subject_id: string;
  /** Where the reason is recorded: a file's number, a letter's date. No names. */
  reference: string;
}

export interface LegalHoldPage {
  items: LegalHold[];
  next_cursor?: string | null;
}

/** `id` grows by one with every event of the tenant, in the order in which they were committed; a caller who may see some sites alone sees some ids alone. */
export interface LiveEvent {
  type?: "event";
  id: number;
  kind: "visit.new" | "visit.changed" | "visit.removed" | "visits.many" | "camera.new" | "camera.changed" | "camera.removed" | "camera.online" | "camera.offline" | "worker.changed" | "worker.online" | "worker.offline" | "worker.removed" | "command.changed";
  at: string;
  /** The visit, camera, worker or command. Null: many visits. */
  subject_id?: string | null;
  site_ids?: string[] | null;
  person_kind?: "staff" | "customer" | null;
  /** Of a command. */
  state?: string | null;
}

/** The process answers; whether it can work is Readiness. */
export interface Liveness {
  status?: "ok";
  version: string;
}

/** What the liveness model said of a face. A note and no proof: its error rate under attack was not measured. */
export interface LivenessReport {
  verdict: "live" | "spoof" | "unknown";
  /** 1 a live face, 0 a picture of one; none when not judged. */
  score?: number | null;
  model_version: string;
}

export interface MatchCandidate {
  person_kind: "staff" | "customer";
  person_id: string;
  display_name?: string | null;
  score: number;
}

export interface MergeRequest {
  /** The customer who stays, and who gets every visit, sighting and template. */
  into: string;
}

export interface MoveFaceRequest {
  /** Whose the photograph is. */
  to_staff_id: string;
}

export interface MoveRequest {
  /** Whose the sighting is. */
  to: PersonRef;
}

export interface NewApiKey {
  key_id: string;
  name: string;
  role: "tenant_admin" | "site_manager" | "worker";
  camera_ids?: string[] | null;
  site_ids?: string[] | null;
  /** Neither revoked nor expired. */
  live: boolean;
  created_at: string;
  created_by?: string | null;
  expires_at?: string | null;
  revoked_at?: string | null;
  /** To the minute. */
  last_used_at?: string | null;
  version: number;
  /** The key itself: shown now and never again. */
  api_key: string;
}

export interface NewReturningReport {
  since: string;
  until: string;
  as_of: string;
  /** Visits that the report rests on. */
  visits: number;
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
  bucket: "day" | "week" | "month";
  new_visitors: number;
  returning_visitors: number;
  /** Different customers; one who came twice counts once. Null where it is suppressed. */
  customers: number | null;
  rows: NewReturningRow[];
}

/** Customers' visits that began within one bucket of the site's local time. */
export interface NewReturningRow {
  site_id: string;
  site_name: string;
  bucket_start: string;
  /** First visits to any site of the tenant. */
  new_visitors: number;
  returning_visitors: number;
  returning_share: number;
}

/** Quarters of an hour in which somebody was inside, as dbt built them last (`as_of` says when). */
export interface OccupancyReport {
  as_of: string | null;
  rows: OccupancyRow[];
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
}

/** Who was inside at some time in one quarter of an hour of the site's clock, as long as they were seen. */
export interface OccupancyRow {
  site_id: string;
  site_name: string;
  bucket_start: string;
  visitors_inside: number | null;
  staff_inside: number | null;
  suppressed?: boolean;
}

/** Somebody whose faces are dropped at once. `active`: not withdrawn, and recognisable by the served model. */
export interface OptOut {
  opt_out_id: string;
  consent: string;
  templates: number;
  active: boolean;
  created_at: string;
  withdrawn_at?: string | null;
}

export interface OptOutPage {
  items: OptOut[];
  next_cursor?: string | null;
}

export interface OptOutRequest {
  /** Where the consent to keeping the template is recorded: a form, a letter. */
  consent: string;
}

export interface OutboxHealth {
  pending: number;
  pending_bytes: number;
  oldest_seconds?: number | null;
  dropped: number;
  /** Events that the server refused for good. */
  dead: number;
}

/** What is left out stays as it is. The privacy mode `identify` needs a legal basis and retention days, in this request or from before. */
export interface OwnTenantPatch {
  name?: string | null;
  privacy_mode?: "count_only" | "staff_only" | "identify" | null;
  /** Why visitors may be identified, for the record; null: none. */
  legal_basis?: string | null;
  /** Days after which a visitor who stays away is forgotten; null: no promise. */
  retention_days?: number | null;
  /** The least count of people that reports tell site managers; 1 tells them all. */
  smallest_count?: number | null;
}

export interface PasswordChange {
  current_password: string;
  new_password: string;
}

export interface PasswordGrant {
  grant_type: "password";
  tenant: string;
  email: string;
  password: string;
}

/** The busiest hours first: of the week on average, and of all single ones. */
export interface PeakHoursReport {
  since: string;
  until: string;
  as_of: string;
  /** Visits that the report rests on. */
  visits: number;
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
  typical: TypicalHour[];
  busiest: BusyHour[];
}

/** A customer or a staff member. */
export interface PersonRef {
  person_kind: "staff" | "customer";
  person_id: string;
}

/** What became of one photograph. Nothing is stored of one that was not enrolled. */
export interface PhotographResult {
  filename: string;
  verdict: "enrolled" | "duplicate_photograph" | "not_an_image" | "too_large" | "no_face" | "several_faces" | "too_small" | "blurred" | "turned" | "unclear" | "spoof" | "already_enrolled_as" | "disagrees_with_others";
  /** In a sentence, with what was measured and what is needed. */
  reason: string;
  /** What to do about it. */
  hint?: string | null;
  /** The enrolled face. */
  face?: StaffFace | null;
  /** Of the face that was looked at, if there is one. */
  quality?: FaceQualityReport | null;
  /** Best cosine with another photograph of the person; none when there is no other. */
  agreement?: number | null;
  /** Whom the face clearly matches instead. */
  other?: MatchCandidate | null;
  liveness?: LivenessReport | null;
}

/** Which parts saw this face, for lineage. */
export interface Pipeline {
  detector: string;
  embedder: string;
  backend: string;
}

/** Sent as `application/problem+json`. `type` is stable; `detail` is for people and may change. */
export interface Problem {
  /** `urn:footfall:problem:<slug>`; the list is in docs/problems.md. */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The request's path. */
  instance?: string | null;
  /** What to do about it. */
  hint?: string | null;
  request_id?: string | null;
  errors?: FieldProblem[];
}

/** Either an existing staff member or the name of a new one. */
export interface PromoteRequest {
  staff_id?: string | null;
  display_name?: string | null;
  external_ref?: string | null;
}

export interface Readiness {
  ready: boolean;
  version: string;
  components: ComponentHealth[];
}

/** Looks for faces in the newest picture of a camera, and says how good they are. Nothing is stored. */
export interface RecognitionTest {
  kind: "recognition-test";
  camera_id: string;
}

export interface RecognitionTestOutcome {
  kind: "recognition-test";
  captured_at: string;
  faces: TestedLiveFace[];
  detector: string;
  embedder: string;
  milliseconds: number;
}

/** What would be made of each face in a photograph; nothing of it is stored. */
export interface RecognitionTestResult {
  staff_id: string;
  /** True when some face in the photograph is recognised as this staff member. */
  matches: boolean;
  faces: TestedFace[];
}

/** What would be made of each face in any photograph; nothing of it is stored. */
export interface RecognitionTrial {
  /** Best detection first; none where no face was found. */
  faces: TestedFace[];
}

export interface RefreshGrant {
  grant_type: "refresh_token";
  refresh_token: string;
}

/** Good for one registration. It is shown only now. */
export interface RegistrationToken {
  worker: Worker;
  registration_token: string;
  registration_expires_at: string;
}

/** Fetches the staff gallery that the worker recognises staff with on its own. */
export interface ReloadGallery {
  kind: "reload-gallery";
}

/** Something about a staff member's enrolment that somebody should see to. */
export interface Reminder {
  kind: "empty_gallery" | "no_photograph" | "other_model" | "expired" | "expiring" | "outlier" | "resembles_other";
  /** None when it is about the whole gallery. */
  staff_id?: string | null;
  display_name?: string | null;
  message: string;
  due_at?: string | null;
  /** `resembles_other`: whom. */
  other?: MatchCandidate | null;
}

export interface ReminderList {
  items: Reminder[];
  checked_at: string;
}

/** Who comes again: within the period, and within so many days of a first visit. */
export interface RepeatRateReport {
  since: string;
  until: string;
  as_of: string;
  /** Visits that the report rests on. */
  visits: number;
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
  /** Null where it is suppressed. */
  customers: number | null;
  /** Customers with two visits or more in the period; null where it is suppressed. */
  repeat_customers: number | null;
  /** None without a customer. */
  repeat_rate: number | null;
  visits_per_customer: number | null;
  within_days: number;
  cohort: "week" | "month";
  cohorts: Cohort[];
}

/** Two people who may be one (`duplicate`), or one customer who may be two (`mixture`). */
export interface ReviewItem {
  item_id: string;
  kind: "duplicate" | "mixture";
  people: PersonRef[];
  evidence: Evidence;
  found_at: string;
}

export interface ReviewPage {
  items: ReviewItem[];
  next_cursor?: string | null;
}

/** Shares of scores by bin of cosine, from -1 upwards. `own` is empty before the first calibration. */
export interface ScoreDistribution {
  background: number[];
  own: number[];
}

/** Has the worker take over its configuration now. With a `configuration`, that becomes the worker's first. */
export interface SetConfig {
  kind: "set-config";
  configuration?: WorkerConfiguration | null;
}

/** One face event of a person. `decision` is what was decided when it came, whatever was corrected since. */
export interface Sighting {
  event_id: string;
  site_id: string;
  camera_id: string;
  started_at: string;
  ended_at: string;
  visit_id: string | null;
  decision: "staff" | "customer" | "new_customer" | "unsure" | "poor_quality" | "stranger" | "counted";
  score: number | null;
  /** Its template is one that the person is recognised by. */
  in_gallery: boolean;
  /** None when no liveness model was on. */
  liveness?: LivenessReport | null;
  /** Path of its picture on this API; none once it has expired. */
  crop_url?: string | null;
}

export interface SightingPage {
  items: Sighting[];
  next_cursor?: string | null;
}

/** The certificate as read by people, and the same as it was signed: a compact JWS (RFC 7515), RS256, whose `kid` is the key's thumbprint. `key`: the public key as a JWK, for those who know its thumbprint from elsewhere. */
export interface SignedCertificate {
  certificate: Certificate;
  jws: string;
  key: Record<string, string>;
}

export interface Site {
  name: string;
  /** IANA name, for instance Europe/Vienna. */
  timezone: string;
  visit_gap_minutes?: number;
  site_id: string;
  created_at: string;
  /** Grows with every change; the ETag names it. */
  version?: number;
  archived_at?: string | null;
}

export interface SiteCreate {
  name: string;
  /** IANA name, for instance Europe/Vienna. */
  timezone: string;
  visit_gap_minutes?: number;
}

export interface SitePage {
  items: Site[];
  next_cursor?: string | null;
}

/** What is left out stays as it is. */
export interface SitePatch {
  name?: string | null;
  timezone?: string | null;
  visit_gap_minutes?: number | null;
  /** An archived site takes no events; what it has counted stays. */
  archived?: boolean | null;
}

/** The newest picture of a camera, with its masks applied. Outside `identify`, faces in it are made unknowable. */
export interface Snapshot {
  kind: "snapshot";
  camera_id: string;
}

export interface SnapshotResult {
  kind: "snapshot";
  width: number;
  height: number;
  captured_at: string;
  /** Masks that were applied. */
  masks: number;
  faces_hidden: number;
}

export interface SplitRequest {
  /** The sightings that are somebody else's. Their templates go with them. */
  event_ids: string[];
}

export interface Staff {
  display_name: string;
  /** The company's own number for the person. */
  external_ref?: string | null;
  staff_id: string;
  /** Enrolled photographs. */
  faces: number;
  created_at: string;
  /** Grows with every change; the ETag names it. */
  version?: number;
}

/** Pairwise cosines of a person's own templates, of the served model version. */
export interface StaffConsistency {
  staff_id: string;
  model_version: string;
  /** Mean pairwise cosine; none under two templates. */
  score?: number | null;
  /** Least pairwise cosine. */
  lowest?: number | null;
  faces: FaceConsistency[];
}

export interface StaffCreate {
  display_name: string;
  /** The company's own number for the person. */
  external_ref?: string | null;
}

/** One member of staff on one day at a site. For administrators alone, so nothing of it is ever suppressed. */
export interface StaffDayRow {
  site_id: string;
  site_name: string;
  bucket_start: string;
  staff_id: string;
  display_name: string;
  first_seen_at: string;
  /** Of the visits that began in the day; it may lie in the next. */
  last_seen_at: string;
  visits: number;
  /** Lengths of these visits, added up. */
  present_seconds: number;
  suppressed?: boolean;
}

/** An enrolled photograph. The picture itself is fetched from its path. */
export interface StaffFace {
  face_id: string;
  staff_id: string;
  box: FaceBox;
  landmarks: [[number, number], [number, number], [number, number], [number, number], [number, number]];
  quality: FaceQualityReport;
  model_version: string;
  /** Smaller faces in the photograph that were left out; this is the largest one. */
  background_faces?: number;
  /** Path of the photograph on this API, as it was sent. */
  image_url: string;
  /** Path of the aligned face, 112x112, on this API. */
  crop_url?: string | null;
  /** What enrolment would say of the face today: limits may have been raised since. The photograph is matched either way. */
  verdict?: "enrolled" | "duplicate_photograph" | "not_an_image" | "too_large" | "no_face" | "several_faces" | "too_small" | "blurred" | "turned" | "unclear" | "spoof" | "already_enrolled_as" | "disagrees_with_others";
  /** What was measured and is needed, where it would not. */
  verdict_reason?: string | null;
  created_at: string;
  /** From then on the photograph is no longer matched; none when it never expires. */
  expires_at?: string | null;
  /** None when no liveness model was on. */
  liveness?: LivenessReport | null;
}

export interface StaffFaceList {
  items: StaffFace[];
}

/** Templates of everybody on the staff, for a worker that recognises them on its own. It is a secret: a worker keeps it encrypted, and forgets it when the tenant only counts. */
export interface StaffGallery {
  /** Of the content: the same templates and thresholds have the same one. */
  version: number;
  model_version: string;
  /** From this cosine on a template is a staff member's, as the server decides. */
  threshold: number;
  templates: StaffTemplate[];
}

export interface StaffPage {
  items: Staff[];
  next_cursor?: string | null;
}

/** What is left out stays as it is; `external_ref` null takes the number away. */
export interface StaffPatch {
  display_name?: string | null;
  external_ref?: string | null;
}

/** Days on which staff were seen, as dbt built them last (`as_of` says when). */
export interface StaffPresenceReport {
  as_of: string | null;
  rows: StaffDayRow[];
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
}

export interface StaffSubject {
  kind: "staff";
  staff_id: string;
}

export interface StaffTemplate {
  template_id: string;
  staff_id: string;
  embedding: Embedding;
}

/** Goes on watching a camera, or all of the worker's. */
export interface Start {
  kind: "start";
  camera_id?: string | null;
}

/** Stops watching a camera, or all of the worker's, until `start` or the worker's own restart. */
export interface Stop {
  kind: "stop";
  camera_id?: string | null;
}

/** What was read back of one store. `found` is 0 in every certificate; `looked_for`: ids or keys, or 0 where the whole of a tenant was listed. */
export interface StoreProof {
  store: "postgres" | "keys" | "vectors" | "objects" | "workers" | "marts";
  /** What the erasure took, by what it is. */
  erased?: Record<string, number>;
  looked_for: number;
  /** Tables, collections, buckets, workers or marts that were read back. */
  looked_at: number;
  found?: 0;
  /** How it was read, so that nothing could hide. */
  consistency: string;
}

/** The last message, where there is still time for one. */
export interface StreamEnded {
  type?: "ended";
  reason: "slow" | "token-ended" | "server-stopping" | "protocol";
}

/** Events between `after` and `position` are gone: read what you show anew. The stream goes on after `position`. */
export interface StreamGap {
  type?: "gap";
  after: number;
  position: number;
}

/** What a WebSocket caller without an Authorization header says first. */
export interface StreamHello {
  access_token: string;
  last_event_id?: number | null;
  site_id?: string | null;
}

/** The first message. Events after `position` follow. */
export interface StreamOpened {
  type?: "opened";
  position: number;
}

export interface StreamPing {
  type?: "ping";
}

export interface SwitchRequest {
  tenant_id: string;
  /** Why, as both tenants' audit logs will say. */
  reason: string;
}

export interface SwitchResult {
  kind: "start" | "stop";
  camera_ids: string[];
}

export interface Tenant {
  tenant_id: string;
  slug: string;
  name: string;
  privacy_mode: "count_only" | "staff_only" | "identify";
  legal_basis?: string | null;
  retention_days?: number | null;
  /** The least count that reports tell site managers. */
  smallest_count?: number;
  /** The home of system administrators. */
  platform: boolean;
  status: "active" | "suspended" | "deletion_requested" | "erased";
  status_since: string;
  created_at: string;
  version: number;
}

export interface TenantCreate {
  slug: string;
  name: string;
  privacy_mode?: "count_only" | "staff_only" | "identify";
  legal_basis?: string | null;
  retention_days?: number | null;
  /** Of its first administrator. */
  admin_email: string;
  admin_password: string;
}

/** What became of the request for a tenant's end; the certificate once it is proved. */
export interface TenantErasure {
  request: ErasureRequest;
  certificate?: SignedCertificate | null;
}

export interface TenantPage {
  items: Tenant[];
  next_cursor?: string | null;
}

export interface TenantPatch {
  name?: string | null;
  privacy_mode?: "count_only" | "staff_only" | "identify" | null;
  /** Why visitors may be identified, for the record; null: none. */
  legal_basis?: string | null;
  /** Days after which a visitor who stays away is forgotten; null: no promise. */
  retention_days?: number | null;
  /** The least count of people that reports tell site managers; 1 tells them all. */
  smallest_count?: number | null;
  /** suspended: nobody of the tenant may sign in, and everybody is signed out at once. */
  status?: "active" | "suspended" | null;
}

export interface TestedFace {
  box: FaceBox;
  landmarks: [[number, number], [number, number], [number, number], [number, number], [number, number]];
  quality: FaceQualityReport;
  decision: Decision;
  candidates: MatchCandidate[];
  /** None when no liveness model is on. */
  liveness?: LivenessReport | null;
}

export interface TestedLiveFace {
  box: FaceBox;
  quality: FaceQualityReport;
  /** Good enough to be matched. */
  acceptable: boolean;
}

export interface TokenResponse {
  access_token: string;
  token_type?: "Bearer";
  /** Seconds. */
  expires_in: number;
  tenant_id: string;
  tenant_name: string;
  role: "system_admin" | "tenant_admin" | "site_manager" | "worker";
  /** For a person: good for one renewal by the grant `refresh_token`, which gives the next. One that is used twice ends the session. */
  refresh_token?: string | null;
}

/** The span over which one face was followed on one camera. */
export interface Track {
  started_at: string;
  ended_at: string;
  /** Frames of the track in which the face was detected. */
  frames: number;
}

/** `marts` is what dbt built last (`as_of` says when); `live` is computed from the visits now. */
export interface TrafficReport {
  bucket: "15min" | "hour" | "day" | "week" | "month";
  source: "marts" | "live";
  as_of: string | null;
  rows: TrafficRow[];
  /** How many rows, figures or buckets are left out, because so few people are in them that the caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators. */
  suppressed?: number;
}

/** Visits that began within one bucket of the site's local time. `suppressed`: counts of so few people that the caller's role may not see them are null. */
export interface TrafficRow {
  site_id: string;
  site_name: string;
  bucket_start: string;
  staff_visits: number | null;
  visitor_visits: number | null;
  new_visitors: number | null;
  returning_visitors: number | null;
  /** Faces counted without an identity. */
  unidentified_sightings: number | null;
  mean_dwell_seconds?: number | null;
  suppressed?: boolean;
}

/** An hour of the week and how many visits begin in it on average. */
export interface TypicalHour {
  /** 1 Monday to 7 Sunday, of the site's local time. */
  weekday: number;
  /** Hour of the site's local time. */
  hour: number;
  visits: number;
  /** How often the period had that hour, over all its sites. */
  occurrences: number;
  mean_visits: number;
}

export interface User {
  user_id: string;
  email: string;
  role: "system_admin" | "tenant_admin" | "site_manager";
  active: boolean;
  /** The sites of a site_manager. */
  site_ids?: string[];
  created_at: string;
  last_login_at?: string | null;
  version: number;
}

export interface UserCreate {
  email: string;
  password: string;
  role: "system_admin" | "tenant_admin" | "site_manager";
  /** The sites of a site_manager; of nobody else. */
  site_ids?: string[];
}

export interface UserPage {
  items: User[];
  next_cursor?: string | null;
}

/** What is left out stays as it is. */
export interface UserPatch {
  role?: "system_admin" | "tenant_admin" | "site_manager" | null;
  /** false: may not sign in, and is signed out at once. */
  active?: boolean | null;
  site_ids?: string[] | null;
  /** A new one; the user is signed out at once. */
  password?: string | null;
}

/** How much of the tenant's gallery there is in one model version. Two stand side by side while one replaces the other: the one served, and a candidate before the change or the former one after it. */
export interface VersionCoverage {
  model_version: string;
  role: "served" | "candidate" | "former";
  /** Bringing templates over into this version is held. */
  paused: boolean;
  /** Enrolled photographs of staff. */
  staff_faces: number;
  /** Those with a template in this version. */
  staff_faces_known: number;
  /** Customers with a template in any version. */
  customers: number;
  customers_known: number;
  /** Sightings with a template in any version. */
  sightings: number;
  sightings_known: number;
  /** Opt-outs that stand. */
  opt_outs: number;
  opt_outs_known: number;
  /** Templates that cannot be brought over, for want of a usable picture. */
  set_aside: number;
  /** Templates that were not tried yet. */
  untried: number;
}

export interface VisitPage {
  items: VisitRecordV1[];
  next_cursor?: string | null;
}

/** One person's stay at one site: sightings closer together than the site's visit gap. */
export interface VisitRecordV1 {
  type?: "VisitRecord.v1";
  visit_id: string;
  tenant_id: string;
  site_id: string;
  site_name: string;
  person_kind: "staff" | "customer";
  /** Whose visit it is; of an anonymous visit its own id, for nobody stands behind it. */
  person_id: string;
  /** Staff only; customers have no name. */
  display_name?: string | null;
  started_at: string;
  ended_at: string;
  dwell_seconds: number;
  sightings: number;
  camera_ids: string[];
  /** The person's first visit to any site of the tenant. */
  is_first_visit: boolean;
  /** True until the gap has passed since the last sighting. */
  is_open: boolean;
  /** Best match score among the sightings; none for a first. */
  best_score?: number | null;
  /** True once the visitor was forgotten: the visit is counted, and nobody's. */
  is_anonymous?: boolean;
}

export interface Worker {
  worker_id: string;
  name: string;
  version: number;
  status: "unmanaged" | "pending" | "online" | "offline";
  camera_ids: string[];
  heartbeat_seconds: number;
  created_at: string;
  registered_at?: string | null;
  last_heartbeat_at?: string | null;
  /** When an event of it was last recorded. */
  last_event_at?: string | null;
  /** Where the API can reach it directly. */
  advertised_url?: string | null;
  /** Footfall's version on it. */
  release?: string | null;
  /** As of the last heartbeat. */
  cameras?: CameraHealth[];
  outbox?: OutboxHealth | null;
  configuration: WorkerConfiguration;
  configuration_version: number;
  /** What it said that it runs with. */
  applied_configuration_version?: number | null;
}

/** Null: not set here. A worker's own file and environment go before it. */
export interface WorkerConfiguration {
  /** Least time between two detections. */
  detect_every_seconds?: number | null;
  /** A track this old is sure and is sent. */
  sure_after_seconds?: number | null;
  /** A face unseen this long has left. */
  lost_after_seconds?: number | null;
  /** What seeing may cost. */
  cpu_limit_cores?: number | null;
  log_level?: "debug" | "info" | "warning" | "error" | null;
}

export interface WorkerCreate {
  /** As its events will name it. */
  name: string;
  camera_ids: string[];
  heartbeat_seconds?: number;
  configuration?: WorkerConfiguration;
}

export interface WorkerPage {
  items: Worker[];
  next_cursor?: string | null;
}

/** What is absent stays as it is. */
export interface WorkerPatch {
  camera_ids?: string[] | null;
  heartbeat_seconds?: number | null;
  configuration?: WorkerConfiguration | null;
}

export interface WorkerRegister {
  registration_token: string;
}

/** The API key is shown only now; it has the role worker, for exactly these cameras. */
export interface WorkerRegistered {
  worker_id: string;
  tenant_id: string;
  name: string;
  api_key: string;
  camera_ids: string[];
  heartbeat_seconds: number;
}

/** Every operation, by its id. */
export interface Operations {
  /** Send a face event */
  recordFaceEvent: {
    method: "POST";
    path: "/v1/events/face";
    body: {
      event: FaceDetectedV1;
      /** JPEG, PNG, WebP or BMP. */
      image?: Blob;
    };
    response: EventReceipt;
  };
  /** Send many face events */
  recordFaceEvents: {
    method: "POST";
    path: "/v1/events/face/batch";
    body: {
      /** One to 100 of `FaceDetectedV1`: a JSON array, or JSON Lines. */
      events: Blob;
      /** Crops; the name of each file is its event's id, with or without an extension. */
      images?: Blob[];
    };
    response: EventBatchReceipt;
  };
  /** List events that disagree with their pictures */
  listAlarms: {
    method: "GET";
    path: "/v1/alarms";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
    };
    response: EventAlarmPage;
  };
  /** Download visits as CSV */
  exportVisits: {
    method: "GET";
    path: "/v1/visits.csv";
    query?: {
      /** Visits at this site alone. */
      site_id?: string;
      /** Visits that this camera has seen. */
      camera_id?: string;
      /** Staff or customers alone. */
      person_kind?: "staff" | "customer";
      /** Visits of this staff member. */
      staff_id?: string;
      /** Visits of this customer. */
      customer_id?: string;
      /** Visits that began then or later. */
      since?: string;
      /** Visits that began before. */
      until?: string;
      /** Visits whose best score is at least this; a customer's first visit has none. */
      min_score?: number;
      /** Visits whose best score is at most this. */
      max_score?: number;
    };
    response: string;
  };
  /** List visits */
  listVisits: {
    method: "GET";
    path: "/v1/visits";
    query?: {
      /** Visits at this site alone. */
      site_id?: string;
      /** Visits that this camera has seen. */
      camera_id?: string;
      /** Staff or customers alone. */
      person_kind?: "staff" | "customer";
      /** Visits of this staff member. */
      staff_id?: string;
      /** Visits of this customer. */
      customer_id?: string;
      /** Visits that began then or later. */
      since?: string;
      /** Visits that began before. */
      until?: string;
      /** Visits whose best score is at least this; a customer's first visit has none. */
      min_score?: number;
      /** Visits whose best score is at most this. */
      max_score?: number;
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** `-` before a name turns the order around. */
      sort?: "started_at" | "-started_at" | "ended_at" | "-ended_at" | "dwell_seconds" | "-dwell_seconds" | "sightings" | "-sightings";
    };
    response: VisitPage;
  };
  /** Sign in */
  issueToken: {
    method: "POST";
    path: "/v1/auth/token";
    body: PasswordGrant | ApiKeyGrant | RefreshGrant;
    response: TokenResponse;
  };
  /** Sign out */
  revokeSession: {
    method: "POST";
    path: "/v1/auth/revoke";
    response: void;
  };
  /** Who am I? */
  getIdentity: {
    method: "GET";
    path: "/v1/auth/me";
    response: Identity;
  };
  /** Switch into another tenant */
  switchTenant: {
    method: "POST";
    path: "/v1/auth/switch";
    body: SwitchRequest;
    response: TokenResponse;
  };
  /** Public keys of access tokens */
  getSigningKeys: {
    method: "GET";
    path: "/.well-known/jwks.json";
    response: Record<string, (Record<string, string>)[]>;
  };
  /** List users */
  listUsers: {
    method: "GET";
    path: "/v1/users";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** The order; a `-` before the name turns it around. */
      sort?: "created_at" | "-created_at" | "email" | "-email" | "last_login_at" | "-last_login_at";
      role?: "system_admin" | "tenant_admin" | "site_manager";
      active?: boolean;
      /** Part of the e-mail address, in either case. */
      email_contains?: string;
    };
    response: UserPage;
  };
  /** Create a user */
  createUser: {
    method: "POST";
    path: "/v1/users";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: UserCreate;
    response: User;
  };
  /** Read a user */
  getUser: {
    method: "GET";
    path: "/v1/users/{user_id}";
    pathParameters: {
      user_id: string;
    };
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: User;
  };
  /** Change a user */
  changeUser: {
    method: "PATCH";
    path: "/v1/users/{user_id}";
    pathParameters: {
      user_id: string;
    };
    header: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match": string;
    };
    body: UserPatch;
    response: User;
  };
  /** Delete a user */
  deleteUser: {
    method: "DELETE";
    path: "/v1/users/{user_id}";
    pathParameters: {
      user_id: string;
    };
    header?: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match"?: string;
    };
    response: void;
  };
  /** Change one's own password */
  changeOwnPassword: {
    method: "POST";
    path: "/v1/users/me/password";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: PasswordChange;
    response: void;
  };
  /** List API keys */
  listApiKeys: {
    method: "GET";
    path: "/v1/api-keys";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** The order; a `-` before the name turns it around. */
      sort?: "created_at" | "-created_at" | "name" | "-name" | "last_used_at" | "-last_used_at";
      role?: "tenant_admin" | "site_manager" | "worker";
      /** Only those that work, or only those that do not. */
      live?: boolean;
    };
    response: ApiKeyPage;
  };
  /** Create an API key */
  createApiKey: {
    method: "POST";
    path: "/v1/api-keys";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: ApiKeyCreate;
    response: NewApiKey;
  };
  /** Read an API key's record */
  getApiKey: {
    method: "GET";
    path: "/v1/api-keys/{key_id}";
    pathParameters: {
      key_id: string;
    };
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: ApiKey;
  };
  /** Change an API key */
  changeApiKey: {
    method: "PATCH";
    path: "/v1/api-keys/{key_id}";
    pathParameters: {
      key_id: string;
    };
    header: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match": string;
    };
    body: ApiKeyPatch;
    response: ApiKey;
  };
  /** Revoke an API key */
  revokeApiKey: {
    method: "DELETE";
    path: "/v1/api-keys/{key_id}";
    pathParameters: {
      key_id: string;
    };
    header?: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match"?: string;
    };
    response: void;
  };
  /** Give an API key a new secret */
  rotateApiKey: {
    method: "POST";
    path: "/v1/api-keys/{key_id}/rotate";
    pathParameters: {
      key_id: string;
    };
    header?: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match"?: string;
      "Idempotency-Key"?: string;
    };
    body: ApiKeyRotate;
    response: NewApiKey;
  };
  /** Read one's own tenant */
  getOwnTenant: {
    method: "GET";
    path: "/v1/tenant";
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: Tenant;
  };
  /** Change one's own tenant */
  changeOwnTenant: {
    method: "PATCH";
    path: "/v1/tenant";
    header: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match": string;
    };
    body: OwnTenantPatch;
    response: Tenant;
  };
  /** List tenants */
  listTenants: {
    method: "GET";
    path: "/v1/tenants";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** The order; a `-` before the name turns it around. */
      sort?: "created_at" | "-created_at" | "slug" | "-slug" | "name" | "-name";
      status?: "active" | "suspended" | "deletion_requested" | "erased";
    };
    response: TenantPage;
  };
  /** Create a tenant */
  createTenant: {
    method: "POST";
    path: "/v1/tenants";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: TenantCreate;
    response: Tenant;
  };
  /** Read a tenant's record */
  getTenant: {
    method: "GET";
    path: "/v1/tenants/{tenant_id}";
    pathParameters: {
      tenant_id: string;
    };
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: Tenant;
  };
  /** Change or suspend a tenant */
  changeTenant: {
    method: "PATCH";
    path: "/v1/tenants/{tenant_id}";
    pathParameters: {
      tenant_id: string;
    };
    header: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match": string;
    };
    body: TenantPatch;
    response: Tenant;
  };
  /** Ask for a tenant's end */
  requestTenantDeletion: {
    method: "DELETE";
    path: "/v1/tenants/{tenant_id}";
    pathParameters: {
      tenant_id: string;
    };
    header?: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match"?: string;
    };
    response: Tenant;
  };
  /** Follow a tenant's erasure */
  getTenantErasure: {
    method: "GET";
    path: "/v1/tenants/{tenant_id}/erasure";
    pathParameters: {
      tenant_id: string;
    };
    response: TenantErasure;
  };
  /** List sites */
  listSites: {
    method: "GET";
    path: "/v1/sites";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** The order; a `-` before the name turns it around. */
      sort?: "created_at" | "-created_at" | "name" | "-name";
      /** Part of the name, in either case. */
      name_contains?: string;
      /** What to do with archived sites. */
      archived?: "exclude" | "only" | "include";
    };
    response: SitePage;
  };
  /** Create a site */
  createSite: {
    method: "POST";
    path: "/v1/sites";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: SiteCreate;
    response: Site;
  };
  /** Read a site */
  getSite: {
    method: "GET";
    path: "/v1/sites/{site_id}";
    pathParameters: {
      site_id: string;
    };
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: Site;
  };
  /** Change or archive a site */
  changeSite: {
    method: "PATCH";
    path: "/v1/sites/{site_id}";
    pathParameters: {
      site_id: string;
    };
    header: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match": string;
    };
    body: SitePatch;
    response: Site;
  };
  /** Delete a site */
  deleteSite: {
    method: "DELETE";
    path: "/v1/sites/{site_id}";
    pathParameters: {
      site_id: string;
    };
    header?: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match"?: string;
    };
    response: void;
  };
  /** List cameras */
  listCameras: {
    method: "GET";
    path: "/v1/cameras";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** The order; a `-` before the name turns it around. */
      sort?: "created_at" | "-created_at" | "name" | "-name";
      /** Cameras of this site alone. */
      site_id?: string;
      /** Part of the name, in either case. */
      name_contains?: string;
      /** Cameras that are switched on, or off, alone. */
      enabled?: boolean;
      /** What to do with archived cameras. */
      archived?: "exclude" | "only" | "include";
    };
    response: CameraPage;
  };
  /** Create a camera */
  createCamera: {
    method: "POST";
    path: "/v1/cameras";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: CameraCreate;
    response: Camera;
  };
  /** Read a camera */
  getCamera: {
    method: "GET";
    path: "/v1/cameras/{camera_id}";
    pathParameters: {
      camera_id: string;
    };
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: Camera;
  };
  /** Change or archive a camera */
  changeCamera: {
    method: "PATCH";
    path: "/v1/cameras/{camera_id}";
    pathParameters: {
      camera_id: string;
    };
    header: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match": string;
    };
    body: CameraPatch;
    response: Camera;
  };
  /** Delete a camera */
  deleteCamera: {
    method: "DELETE";
    path: "/v1/cameras/{camera_id}";
    pathParameters: {
      camera_id: string;
    };
    header?: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match"?: string;
    };
    response: void;
  };
  /** List staff */
  listStaff: {
    method: "GET";
    path: "/v1/staff";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** The order; a `-` before the name turns it around. */
      sort?: "created_at" | "-created_at" | "name" | "-name";
      /** Part of the name, in either case. */
      name_contains?: string;
      /** The company's own number for the person. */
      external_ref?: string;
      /** Those with a photograph, or without one, alone. */
      enrolled?: boolean;
    };
    response: StaffPage;
  };
  /** Add a staff member */
  createStaff: {
    method: "POST";
    path: "/v1/staff";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: StaffCreate;
    response: Staff;
  };
  /** List what enrolments need */
  listReminders: {
    method: "GET";
    path: "/v1/staff/reminders";
    response: ReminderList;
  };
  /** Read a staff member */
  getStaff: {
    method: "GET";
    path: "/v1/staff/{staff_id}";
    pathParameters: {
      staff_id: string;
    };
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: Staff;
  };
  /** Change a staff member */
  changeStaff: {
    method: "PATCH";
    path: "/v1/staff/{staff_id}";
    pathParameters: {
      staff_id: string;
    };
    header: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match": string;
    };
    body: StaffPatch;
    response: Staff;
  };
  /** Remove a staff member */
  deleteStaff: {
    method: "DELETE";
    path: "/v1/staff/{staff_id}";
    pathParameters: {
      staff_id: string;
    };
    header?: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match"?: string;
    };
    response: void;
  };
  /** List enrolled photographs */
  listFaces: {
    method: "GET";
    path: "/v1/staff/{staff_id}/faces";
    pathParameters: {
      staff_id: string;
    };
    response: StaffFaceList;
  };
  /** Enrol a photograph */
  enrolFace: {
    method: "POST";
    path: "/v1/staff/{staff_id}/faces";
    pathParameters: {
      staff_id: string;
    };
    query?: {
      /** Objections that you set aside because you know the people, for instance for twins. May be given more than once. Audited where it mattered. */
      overrule?: ("already_enrolled_as" | "disagrees_with_others")[];
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: {
      /** JPEG, PNG, WebP or BMP. */
      image: Blob;
    };
    response: StaffFace;
  };
  /** Show an enrolled photograph */
  getFaceImage: {
    method: "GET";
    path: "/v1/staff/{staff_id}/faces/{face_id}/image";
    pathParameters: {
      staff_id: string;
      face_id: string;
    };
    query?: {
      /** As it was sent, or the aligned face. */
      variant?: "photograph" | "crop";
    };
    response: string;
  };
  /** Enrol several photographs */
  enrolPhotographs: {
    method: "POST";
    path: "/v1/staff/{staff_id}/enrolments";
    pathParameters: {
      staff_id: string;
    };
    query?: {
      /** Objections that you set aside because you know the people, for instance for twins. May be given more than once. Audited where it mattered. */
      overrule?: ("already_enrolled_as" | "disagrees_with_others")[];
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: {
      /** JPEG, PNG, WebP or BMP, each in a part of its own called `images`, with a file name. */
      images: Blob[];
    };
    response: EnrolmentReport;
  };
  /** How well a person's photographs agree */
  staffConsistency: {
    method: "GET";
    path: "/v1/staff/{staff_id}/consistency";
    pathParameters: {
      staff_id: string;
    };
    response: StaffConsistency;
  };
  /** Remove an enrolled photograph */
  removeFace: {
    method: "DELETE";
    path: "/v1/staff/{staff_id}/faces/{face_id}";
    pathParameters: {
      staff_id: string;
      face_id: string;
    };
    response: void;
  };
  /** Try recognition on a photograph */
  testRecognition: {
    method: "POST";
    path: "/v1/staff/{staff_id}/recognition-test";
    pathParameters: {
      staff_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: {
      /** JPEG, PNG, WebP or BMP. */
      image: Blob;
    };
    response: RecognitionTestResult;
  };
  /** Report traffic */
  reportTraffic: {
    method: "GET";
    path: "/v1/reports/traffic";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Buckets that begin then or later; by default 1, 7, 90, 366 or 1098 days before, by bucket. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
      /** Of each site's local time; weeks begin on Monday. */
      bucket?: "15min" | "hour" | "day" | "week" | "month";
      /** What dbt built last, or computed now. */
      source?: "marts" | "live";
    };
    response: TrafficReport;
  };
  /** Report how visits spread */
  reportDistribution: {
    method: "GET";
    path: "/v1/reports/distribution";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Visits that began then or later; by default the 30 days before. At most 366 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
      /** Whose visits count. */
      whose?: "customer" | "staff" | "everyone";
      /** What the visits are spread over. */
      by?: "hour_of_week" | "camera" | "person_kind" | "dwell";
    };
    response: DistributionReport;
  };
  /** Report new visitors */
  reportNewReturning: {
    method: "GET";
    path: "/v1/reports/new-returning";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Visits that began then or later; by default the 30 days before. At most 366 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
      /** Of each site's local time; weeks begin on Monday. */
      bucket?: "day" | "week" | "month";
    };
    response: NewReturningReport;
  };
  /** Report lengths of visits */
  reportDwell: {
    method: "GET";
    path: "/v1/reports/dwell";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Visits that began then or later; by default the 30 days before. At most 366 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
      /** Whose visits count. */
      whose?: "customer" | "staff" | "everyone";
    };
    response: DwellReport;
  };
  /** Report the busiest hours */
  reportPeakHours: {
    method: "GET";
    path: "/v1/reports/peak-hours";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Visits that began then or later; by default the 30 days before. At most 366 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
      /** Whose visits count. */
      whose?: "customer" | "staff" | "everyone";
      /** Hours of either list. */
      limit?: number;
    };
    response: PeakHoursReport;
  };
  /** Report who comes again */
  reportRepeatRate: {
    method: "GET";
    path: "/v1/reports/repeat-rate";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Visits that began then or later; by default the 30 days before. At most 366 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
      /** Days after a first visit to come again in. */
      within_days?: number;
      /** Whose first visits are taken together. */
      cohort?: "week" | "month";
    };
    response: RepeatRateReport;
  };
  /** Report days beside the usual */
  reportDays: {
    method: "GET";
    path: "/v1/reports/days";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Days that begin then or later; by default the 90 days before. At most 3660 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
    };
    response: DaysReport;
  };
  /** Report people inside */
  reportOccupancy: {
    method: "GET";
    path: "/v1/reports/occupancy";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Quarters that begin then or later; by default the day before. At most 31 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
    };
    response: OccupancyReport;
  };
  /** Report lengths of visits by the day */
  reportDailyDwell: {
    method: "GET";
    path: "/v1/reports/daily-dwell";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Days that begin then or later; by default the 90 days before. At most 3660 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
    };
    response: DailyDwellReport;
  };
  /** Report who came back, week by week */
  reportCohorts: {
    method: "GET";
    path: "/v1/reports/cohorts";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Weeks that begin then or later; by default the 84 days before. At most 728 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
    };
    response: CohortsReport;
  };
  /** Report when staff were seen */
  reportStaffPresence: {
    method: "GET";
    path: "/v1/reports/staff-presence";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Days that begin then or later; by default the 30 days before. At most 366 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
    };
    response: StaffPresenceReport;
  };
  /** Report what cameras delivered */
  reportCameraHealth: {
    method: "GET";
    path: "/v1/reports/camera-health";
    query?: {
      /** What comes, for links in a browser, whose `Accept` is its own; without it that header decides. */
      format?: "json" | "csv";
      /** This site alone. */
      site_id?: string;
      /** Days that begin then or later; by default the 30 days before. At most 366 days. */
      since?: string;
      /** What began before; by default now. */
      until?: string;
    };
    response: CameraHealthReport;
  };
  /** Report the calibration */
  reportCalibration: {
    method: "GET";
    path: "/v1/calibration";
    response: CalibrationReport;
  };
  /** Try recognition on any photograph */
  tryRecognition: {
    method: "POST";
    path: "/v1/recognition-test";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: {
      /** JPEG, PNG, WebP or BMP. */
      image: Blob;
    };
    response: RecognitionTrial;
  };
  /** List customers */
  listCustomers: {
    method: "GET";
    path: "/v1/customers";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** The order; a `-` before the name turns it around. */
      sort?: "-last_seen_at" | "last_seen_at" | "-first_seen_at" | "first_seen_at";
      /** Customers who visited this site alone. */
      site_id?: string;
      /** The company's own number for the visitor. */
      external_ref?: string;
      /** Last seen then or later. */
      seen_since?: string;
      /** Last seen before. */
      seen_until?: string;
    };
    response: CustomerPage;
  };
  /** Read a customer's profile */
  getCustomer: {
    method: "GET";
    path: "/v1/customers/{customer_id}";
    pathParameters: {
      customer_id: string;
    };
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: CustomerProfileV1;
  };
  /** Change a customer's record */
  changeCustomer: {
    method: "PATCH";
    path: "/v1/customers/{customer_id}";
    pathParameters: {
      customer_id: string;
    };
    header: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match": string;
    };
    body: CustomerPatch;
    response: CustomerProfileV1;
  };
  /** List a customer's visits */
  listCustomerVisits: {
    method: "GET";
    path: "/v1/customers/{customer_id}/visits";
    pathParameters: {
      customer_id: string;
    };
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
    };
    response: VisitPage;
  };
  /** List a customer's sightings */
  listSightings: {
    method: "GET";
    path: "/v1/customers/{customer_id}/sightings";
    pathParameters: {
      customer_id: string;
    };
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
    };
    response: SightingPage;
  };
  /** Show a sighting's face */
  getSightingImage: {
    method: "GET";
    path: "/v1/sightings/{event_id}/image";
    pathParameters: {
      event_id: string;
    };
    response: string;
  };
  /** Merge into another */
  mergeCustomer: {
    method: "POST";
    path: "/v1/customers/{customer_id}/merge";
    pathParameters: {
      customer_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: MergeRequest;
    response: Correction;
  };
  /** Split in two */
  splitCustomer: {
    method: "POST";
    path: "/v1/customers/{customer_id}/split";
    pathParameters: {
      customer_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: SplitRequest;
    response: Correction;
  };
  /** Make staff */
  promoteCustomer: {
    method: "POST";
    path: "/v1/customers/{customer_id}/promote";
    pathParameters: {
      customer_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: PromoteRequest;
    response: Correction;
  };
  /** Opt a customer out */
  optOutCustomer: {
    method: "POST";
    path: "/v1/customers/{customer_id}/opt-out";
    pathParameters: {
      customer_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: OptOutRequest;
    response: OptOut;
  };
  /** Ask for a customer to be erased */
  requestErasure: {
    method: "POST";
    path: "/v1/customers/{customer_id}/erase-request";
    pathParameters: {
      customer_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: ErasureRequestCreate;
    response: ErasureRequest;
  };
  /** List erasure requests */
  listErasureRequests: {
    method: "GET";
    path: "/v1/erasure-requests";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** The order; a `-` before the name turns it around. */
      sort?: "due_at" | "-due_at" | "requested_at" | "-requested_at";
      /** Requests that stand so alone. */
      status?: "open" | "running" | "waiting" | "failed" | "completed" | "withdrawn";
      /** About this customer alone. */
      customer_id?: string;
    };
    response: ErasureRequestPage;
  };
  /** Ask for a person or a camera's period to be erased */
  orderErasure: {
    method: "POST";
    path: "/v1/erasure-requests";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: ErasureOrder;
    response: ErasureRequest;
  };
  /** Read an erasure request */
  getErasureRequest: {
    method: "GET";
    path: "/v1/erasure-requests/{request_id}";
    pathParameters: {
      request_id: string;
    };
    response: ErasureRequest;
  };
  /** Download the certificate of an erasure */
  getPurgeCertificate: {
    method: "GET";
    path: "/v1/erasure-requests/{request_id}/certificate";
    pathParameters: {
      request_id: string;
    };
    response: SignedCertificate;
  };
  /** Not that person */
  detachSighting: {
    method: "POST";
    path: "/v1/sightings/{event_id}/detach";
    pathParameters: {
      event_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    response: Correction;
  };
  /** Give to another person */
  moveSighting: {
    method: "POST";
    path: "/v1/sightings/{event_id}/move";
    pathParameters: {
      event_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: MoveRequest;
    response: Correction;
  };
  /** Give a photograph to another staff member */
  moveFace: {
    method: "POST";
    path: "/v1/staff/{staff_id}/faces/{face_id}/move";
    pathParameters: {
      staff_id: string;
      face_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: MoveFaceRequest;
    response: Correction;
  };
  /** List corrections */
  listCorrections: {
    method: "GET";
    path: "/v1/corrections";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
    };
    response: CorrectionPage;
  };
  /** Undo a correction */
  undoCorrection: {
    method: "POST";
    path: "/v1/corrections/{correction_id}/undo";
    pathParameters: {
      correction_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    response: Correction;
  };
  /** List open questions */
  listReviewQueue: {
    method: "GET";
    path: "/v1/review-queue";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
    };
    response: ReviewPage;
  };
  /** Dismiss a question */
  dismissReviewItem: {
    method: "POST";
    path: "/v1/review-queue/{item_id}/dismiss";
    pathParameters: {
      item_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    response: void;
  };
  /** List opt-outs */
  listOptOuts: {
    method: "GET";
    path: "/v1/opt-outs";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
    };
    response: OptOutPage;
  };
  /** Opt somebody out by photograph */
  registerOptOut: {
    method: "POST";
    path: "/v1/opt-outs";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: {
      /** JPEG, PNG, WebP or BMP. */
      image: Blob;
      /** Where the consent to keeping the template is recorded: a form, a letter. */
      consent: string;
    };
    response: OptOut;
  };
  /** Withdraw an opt-out */
  withdrawOptOut: {
    method: "DELETE";
    path: "/v1/opt-outs/{opt_out_id}";
    pathParameters: {
      opt_out_id: string;
    };
    response: void;
  };
  /** List the audit log */
  listAudit: {
    method: "GET";
    path: "/v1/audit";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** Latest first, or oldest first. */
      sort?: "-at" | "at";
      /** As entries name it: `user:<id>`, `key:<id>`, a job. */
      actor?: string;
      /** As entries name it, for instance `site.changed`. */
      action?: string;
      /** What was acted on, for instance `site`. */
      subject_kind?: string;
      /** Which record was acted on. */
      subject_id?: string;
      /** Entries of then or later. */
      since?: string;
      /** Entries from before. */
      until?: string;
    };
    response: AuditPage;
  };
  /** List legal holds */
  listLegalHolds: {
    method: "GET";
    path: "/v1/legal-holds";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** The order; a `-` before the name turns it around. */
      sort?: "placed_at" | "-placed_at";
      /** True: those that stand alone; false: those lifted. */
      standing?: boolean;
    };
    response: LegalHoldPage;
  };
  /** Place a legal hold */
  placeLegalHold: {
    method: "POST";
    path: "/v1/legal-holds";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: LegalHoldCreate;
    response: LegalHold;
  };
  /** Lift a legal hold */
  liftLegalHold: {
    method: "POST";
    path: "/v1/legal-holds/{hold_id}/lift";
    pathParameters: {
      hold_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    response: LegalHold;
  };
  /** List workers */
  listWorkers: {
    method: "GET";
    path: "/v1/workers";
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** Workers in this state alone. */
      status?: "unmanaged" | "pending" | "online" | "offline";
      /** The worker that watches this camera. */
      camera_id?: string;
      sort?: "name" | "-name" | "created_at" | "-created_at";
    };
    response: WorkerPage;
  };
  /** Create a worker */
  createWorker: {
    method: "POST";
    path: "/v1/workers";
    header?: {
      "Idempotency-Key"?: string;
    };
    body: WorkerCreate;
    response: RegistrationToken;
  };
  /** Register as a worker */
  registerWorker: {
    method: "POST";
    path: "/v1/workers/register";
    body: WorkerRegister;
    response: WorkerRegistered;
  };
  /** Read a worker */
  getWorker: {
    method: "GET";
    path: "/v1/workers/{worker_id}";
    pathParameters: {
      worker_id: string;
    };
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: Worker;
  };
  /** Change a worker */
  changeWorker: {
    method: "PATCH";
    path: "/v1/workers/{worker_id}";
    pathParameters: {
      worker_id: string;
    };
    header: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match": string;
    };
    body: WorkerPatch;
    response: Worker;
  };
  /** Delete a worker */
  deleteWorker: {
    method: "DELETE";
    path: "/v1/workers/{worker_id}";
    pathParameters: {
      worker_id: string;
    };
    header?: {
      /** The `ETag` of the record as you know it, `*` for whatever is there. */
      "if-match"?: string;
    };
    response: void;
  };
  /** Make a new registration token */
  renewWorkerRegistration: {
    method: "POST";
    path: "/v1/workers/{worker_id}/registration";
    pathParameters: {
      worker_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    response: RegistrationToken;
  };
  /** Send a heartbeat */
  sendHeartbeat: {
    method: "POST";
    path: "/v1/workers/{worker_id}/heartbeat";
    pathParameters: {
      worker_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: Heartbeat;
    response: HeartbeatAnswer;
  };
  /** List a worker's commands */
  listCommands: {
    method: "GET";
    path: "/v1/workers/{worker_id}/commands";
    pathParameters: {
      worker_id: string;
    };
    query?: {
      /** Items of one page. */
      limit?: number;
      /** `next_cursor` of the page before, in the same order; absent for the first page. */
      cursor?: string;
      /** Commands in this state alone. */
      state?: "queued" | "sent" | "acknowledged" | "running" | "succeeded" | "failed" | "expired";
      sort?: "created_at" | "-created_at";
    };
    response: CommandPage;
  };
  /** Give a command */
  giveCommand: {
    method: "POST";
    path: "/v1/workers/{worker_id}/commands";
    pathParameters: {
      worker_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: CommandCreate;
    response: Command;
  };
  /** Read a command */
  getCommand: {
    method: "GET";
    path: "/v1/workers/{worker_id}/commands/{command_id}";
    pathParameters: {
      worker_id: string;
      command_id: string;
    };
    response: Command;
  };
  /** Read a snapshot's picture */
  getCommandImage: {
    method: "GET";
    path: "/v1/workers/{worker_id}/commands/{command_id}/image";
    pathParameters: {
      worker_id: string;
      command_id: string;
    };
    response: string;
  };
  /** Acknowledge a command, or begin it */
  noteProgress: {
    method: "POST";
    path: "/v1/workers/{worker_id}/commands/{command_id}/progress";
    pathParameters: {
      worker_id: string;
      command_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: CommandProgress;
    response: Command;
  };
  /** Report what came of a command */
  reportCommand: {
    method: "POST";
    path: "/v1/workers/{worker_id}/commands/{command_id}/result";
    pathParameters: {
      worker_id: string;
      command_id: string;
    };
    header?: {
      "Idempotency-Key"?: string;
    };
    body: {
      report: CommandReport;
      /** JPEG, of a snapshot. */
      image?: Blob;
    };
    response: Command;
  };
  /** Read the gallery of staff, as a worker */
  getStaffGallery: {
    method: "GET";
    path: "/v1/gallery/staff";
    header?: {
      /** The `ETag` of the answer you hold: it is sent again only when it has changed, and else a 304. */
      "if-none-match"?: string;
    };
    response: StaffGallery;
  };
  /** Follow what happens */
  openStream: {
    method: "GET";
    path: "/v1/stream";
    query?: {
      /** What happens at this site alone. */
      site_id?: string;
    };
    header?: {
      /** `id` of the last event that was seen: what came after it is sent first. */
      "last-event-id"?: number;
    };
    response: string;
  };
  /** Is the process alive? */
  getLiveness: {
    method: "GET";
    path: "/healthz";
    response: Liveness;
  };
  /** Can the process work? */
  getReadiness: {
    method: "GET";
    path: "/readyz";
    response: Readiness;
  };
  /** Metrics for Prometheus */
  getMetrics: {
    method: "GET";
    path: "/metrics";
    response: string;
  };
}
