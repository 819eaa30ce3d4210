"""One argument spoiled at a time, in every public call: refused by name, or right.

`values` makes hostile values of each kind of argument, `judge` says whether a call took
them well, and the other modules hold the rows: a good call and its arguments' kinds.
"""
