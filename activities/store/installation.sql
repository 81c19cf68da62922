-- What is true of the file as a whole: the name of the installation, and the
-- Temporal namespace and cluster that its tasks run in.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Why the report of an ended task is not written yet, and what the last attempt
-- at its callback met: how many there were, and when the next is due.
ALTER TABLE task ADD COLUMN report_error TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN callback_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN callback_next INTEGER; -- nanoseconds since 1970
-- The last signal that could not be read, with who sent it where that is known.
ALTER TABLE task ADD COLUMN unread TEXT NOT NULL DEFAULT '';
-- How many of its lines have failed, where they are failed by programs that count
-- them here: what a limit of failures is held against at every commit.
ALTER TABLE task ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
-- A forgotten task has lost its slices, failures and attempts and is in no list.
-- Its row stays with its instance: pictures have their source from it.
ALTER TABLE task ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
-- It is when that happened, in nanoseconds since 1970, and negative while rows of
-- the task are still to be deleted.
CREATE INDEX task_forgetting ON task (id) WHERE forgotten < 0;
CREATE INDEX task_ended ON task (ended) WHERE ended IS NOT NULL AND forgotten = 0;

-- Whether the manifest is a dump, whose lines say where their pictures are.
ALTER TABLE task ADD COLUMN dump INTEGER NOT NULL DEFAULT 0;
-- Where the bytes of the pictures are that lines of dumps have stored. A row goes
-- with its picture: (task, line) is its base version.
CREATE TABLE line_source (
  task     INTEGER NOT NULL,
  line     INTEGER NOT NULL,
  bucket   TEXT    NOT NULL,
  key      TEXT    NOT NULL,
  or_key   TEXT    NOT NULL,
  role     TEXT    NOT NULL,
  uploaded INTEGER NOT NULL,
  PRIMARY KEY (task, line)
) STRICT, WITHOUT ROWID;
