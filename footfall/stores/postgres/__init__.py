"""Tables of Postgres, one module a table or a close family: functions over a Connection, rows in and out. No rules."""
