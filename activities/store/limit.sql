-- The limits that a task was started with, as they were written; '' for none.
ALTER TABLE task ADD COLUMN max_failures TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN max_deletes TEXT NOT NULL DEFAULT '';

-- How often an operation may be asked of an instance. A row is there once it has
-- been asked for or its rate has been set. due is when the next request would
-- come if requests came evenly, in nanoseconds since 1970.
CREATE TABLE rate (
  instance   INTEGER NOT NULL REFERENCES instance (id),
  operation  TEXT    NOT NULL,
  per_second REAL, -- NULL for the default
  due        INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (instance, operation)
) STRICT, WITHOUT ROWID;
