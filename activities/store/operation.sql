-- How the subject of a picture was chosen: an activities.Framing.
ALTER TABLE picture ADD COLUMN framing INTEGER NOT NULL DEFAULT 0;

-- Changes that are no task, such as the update of one picture. One takes its
-- number in the transaction of its effect and is in this table from then on, so
-- that none is ever open and left behind. Rows of a certain age are dropped.
DROP TABLE operation;
CREATE TABLE operation (
  id       INTEGER PRIMARY KEY,
  run_id   TEXT    NOT NULL UNIQUE,
  instance INTEGER NOT NULL,
  taken    INTEGER NOT NULL, -- when the number was taken, nanoseconds since 1970
  done     INTEGER NOT NULL, -- 0 between the transactions of a long deletion
  result   TEXT    NOT NULL  -- its answer, so far, as JSON
) STRICT;

-- Where the bytes of the pictures are that operations have stored. A row goes
-- with its picture: operation is the task number of its base version.
CREATE TABLE source (
  operation INTEGER PRIMARY KEY,
  bucket    TEXT    NOT NULL,
  key       TEXT    NOT NULL,
  role      TEXT    NOT NULL,
  uploaded  INTEGER NOT NULL
) STRICT;
