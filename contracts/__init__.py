"""What crosses a boundary of Footfall: events, records, API v1 bodies, and the JSON Schemas made from them.

No domain logic, no I/O (`schemas` writes the committed schemas, and nothing else does), nothing else of ours.
"""
