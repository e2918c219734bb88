"""`footfall backup` and `footfall restore`: the stack's record, images and secrets in one sealed file. Milvus and
Dagster's history are not in it: the gallery is rebuilt from the record."""
