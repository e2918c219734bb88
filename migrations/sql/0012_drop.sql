drop table footfall.face_keys;
