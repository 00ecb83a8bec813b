"""What tests share.

- Run modules and roles in the process of a test: harness, night_runs, restore_runs.
- Estates of each cloud: estates, disk_estates, server_estates.
- Samples: rows, role_results, reports, pages, restores, retention_rows, set_rows, cluster_kinds.
- Readers: page_reader, metrics.
- Time: daily (what runs on one cloud a day), botocore_loader (loads botocore's data once).
"""
