"""The only folder that opens connections: postgres, vectors, objects, and their in-memory stand-ins. No decisions."""
