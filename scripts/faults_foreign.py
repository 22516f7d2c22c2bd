def foreign_writers(target, tally): pass
