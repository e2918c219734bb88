"""The domain: matching, visits, gallery, retention, tenancy, and the stores behind it. No web, no scheduler, no pages."""
