-- Attempts at slices that have not ended cleanly: those under way, and those
-- whose process was lost. mark is the line that was being tried when every line
-- is tried by itself, 0 for none.
CREATE TABLE attempt (
  task   INTEGER NOT NULL REFERENCES task (id),
  slice  INTEGER NOT NULL,
  id     TEXT    NOT NULL,
  opened INTEGER NOT NULL,
  mark   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (task, slice, id)
) STRICT, WITHOUT ROWID;
