"""Where frames come from: files, folders, streams, devices, behind one interface. What they show is not here."""
