"""What writes parts of the documentation, and what reads its examples for tests.

- Writers: capabilities, files_map, indexes, tables.
- Reader: guides.
"""
