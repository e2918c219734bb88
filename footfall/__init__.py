"""The domain: matching, visits, gallery, tenancy, and the stores behind it. No web, no scheduler, no pages."""
