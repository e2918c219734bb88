-- Undoes 0010. The default model is served again; templates in other versions than their own row's are gone.
drop view footfall.staff_face_templates, footfall.customer_gallery_templates, footfall.sighting_templates;
drop table
footfall.reembeddings, footfall.event_template_versions, footfall.customer_template_versions,
footfall.staff_face_versions;
drop table deployment.model_versions;
drop schema deployment;
