"""The camera host's part: capture, track, best shot, embed, durable outbox, send. No store, no decision about who
a face is: the server decides."""
