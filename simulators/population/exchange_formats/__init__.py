"""The product's own data in and out: CSV, JSON and HL7 v2 ADT files, with one report line per row.

``read`` turns a file into rows, ``landing`` puts them into a world, all or nothing per file; ``write`` gives files that
read back to equal members. A family of data (patients, professionals, structures, or one that a simulator adds) is a
value, see ``family``.
"""
