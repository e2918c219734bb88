"""What crosses a boundary of Footfall: events, records, API v1 bodies. No logic, no I/O, nothing else of ours."""
