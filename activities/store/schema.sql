-- The only row holds the last number given out: task numbers and the numbers of
-- single operations. A number is never given out twice, whatever is deleted.
CREATE TABLE sequence (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  last INTEGER NOT NULL
) STRICT;
INSERT INTO sequence (only, last) VALUES (1, 0);

-- Rows of deleted instances stay (dead = 1), so that deleting is repeatable and
-- ids stay unique; swept = 1 once nothing of theirs is left.
CREATE TABLE instance (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  name         TEXT    NOT NULL,
  public_id    TEXT    NOT NULL UNIQUE,
  request_id   TEXT    NOT NULL UNIQUE,
  region       TEXT    NOT NULL,
  service_type INTEGER NOT NULL,
  capacity     INTEGER NOT NULL,
  pictures     INTEGER NOT NULL DEFAULT 0,
  next_picture INTEGER NOT NULL DEFAULT 1, -- ordinal of the next new picture
  features     TEXT    NOT NULL DEFAULT '', -- version of the features it holds
  dimensions   INTEGER NOT NULL DEFAULT 0,  -- bytes of each vector
  created      INTEGER NOT NULL,
  dead         INTEGER NOT NULL DEFAULT 0,
  swept        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX instance_living ON instance (name) WHERE dead = 0;
CREATE INDEX instance_dead ON instance (name) WHERE dead = 1;

-- A task keeps what it must show of its instance, because it outlives it.
-- Times are nanoseconds since 1970. The state is PROCESSING while the fence is
-- open. The tally is set when the fence is closed; before, it is the sum over
-- the slices.
CREATE TABLE task (
  id             INTEGER PRIMARY KEY,
  kind           TEXT    NOT NULL,
  workflow_id    TEXT    NOT NULL,
  run_id         TEXT    NOT NULL UNIQUE,
  run_started    INTEGER NOT NULL,
  instance       INTEGER NOT NULL,
  instance_name  TEXT    NOT NULL,
  public_id      TEXT    NOT NULL,
  service_type   INTEGER NOT NULL,
  region         TEXT    NOT NULL,
  bucket         TEXT    NOT NULL,
  path           TEXT    NOT NULL,
  callback       TEXT    NOT NULL,
  role           TEXT    NOT NULL,
  from_root      INTEGER NOT NULL,
  state          TEXT    NOT NULL DEFAULT 'PROCESSING',
  code           TEXT    NOT NULL DEFAULT '',
  message        TEXT    NOT NULL DEFAULT '',
  closed_by      INTEGER, -- the task whose begin found this one terminated
  planned        INTEGER NOT NULL DEFAULT 0,
  list           TEXT    NOT NULL DEFAULT '{}', -- contract.WorkList
  tally          TEXT    NOT NULL DEFAULT '{}', -- contract.Tally
  ended          INTEGER,
  report_key     TEXT    NOT NULL DEFAULT '',
  csv_key        TEXT    NOT NULL DEFAULT '',
  callback_state TEXT    NOT NULL DEFAULT '',
  callback_error TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX task_instance ON task (instance, run_started);
CREATE INDEX task_name ON task (instance_name, id);
CREATE INDEX task_open ON task (instance, id) WHERE state = 'PROCESSING';
CREATE INDEX task_closed_by ON task (closed_by) WHERE closed_by IS NOT NULL;

-- Numbers of single-image operations, which order themselves against tasks.
CREATE TABLE operation (
  id       INTEGER PRIMARY KEY,
  run_id   TEXT    NOT NULL UNIQUE,
  instance INTEGER NOT NULL,
  open     INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX operation_open ON operation (instance, id) WHERE open = 1;

CREATE TABLE slice (
  task       INTEGER NOT NULL REFERENCES task (id),
  slice      INTEGER NOT NULL,
  lines      INTEGER NOT NULL, -- blank ones included
  done       BLOB    NOT NULL, -- one bit a line, lowest bit first
  succeeded  INTEGER NOT NULL,
  failed     INTEGER NOT NULL,
  skipped    INTEGER NOT NULL,
  fetched    INTEGER NOT NULL,
  validated  INTEGER NOT NULL,
  featurized INTEGER NOT NULL,
  indexed    INTEGER NOT NULL,
  codes      TEXT    NOT NULL, -- failed lines by code, a JSON object; '' for none
  PRIMARY KEY (task, slice)
) STRICT, WITHOUT ROWID;

CREATE TABLE failure (
  task      INTEGER NOT NULL REFERENCES task (id),
  line      INTEGER NOT NULL,
  start     INTEGER NOT NULL, -- byte offset of the line in the work list
  length    INTEGER NOT NULL, -- of the line in bytes
  operation TEXT    NOT NULL,
  product   TEXT    NOT NULL,
  picture   TEXT    NOT NULL,
  code      TEXT    NOT NULL,
  message   TEXT    NOT NULL,
  attempts  INTEGER NOT NULL,
  PRIMARY KEY (task, line)
) STRICT, WITHOUT ROWID;

-- id is instance << 40 | ordinal, so that everything of an instance lies
-- together and one range of ids is one run of pages. (task, line) is the base
-- version. The columns hold the values in force, updated fields included.
CREATE TABLE picture (
  id             INTEGER PRIMARY KEY,
  instance       INTEGER NOT NULL REFERENCES instance (id),
  product        TEXT    NOT NULL,
  name           TEXT    NOT NULL,
  task           INTEGER NOT NULL,
  line           INTEGER NOT NULL,
  category       INTEGER NOT NULL,
  category_given INTEGER NOT NULL,
  region         TEXT    NOT NULL,
  width          INTEGER NOT NULL,
  height         INTEGER NOT NULL,
  custom_content TEXT,
  int_attr       INTEGER,
  int_attr2      INTEGER,
  int_attr3      INTEGER,
  int_attr4      INTEGER,
  str_attr       TEXT,
  str_attr2      TEXT,
  str_attr3      TEXT,
  str_attr4      TEXT,
  UNIQUE (instance, product, name)
) STRICT;

-- Vectors have a table of their own, so that a search reads nothing else.
CREATE TABLE vector (
  picture INTEGER PRIMARY KEY REFERENCES picture (id),
  square  INTEGER NOT NULL, -- sum of the squared components
  vector  BLOB    NOT NULL
) STRICT;

-- Fields whose version is newer than the base version of their picture, with
-- their values: an older ADD that comes later leaves them alone, even if the
-- picture is deleted and added again in between.
CREATE TABLE field (
  instance INTEGER NOT NULL,
  product  TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  field    INTEGER NOT NULL, -- position in index.fields
  task     INTEGER NOT NULL,
  line     INTEGER NOT NULL,
  value    ANY,
  PRIMARY KEY (instance, product, name, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX field_age ON field (instance, task);

-- What a deletion leaves behind, so that an ADD that was written before it and
-- is committed after it cannot bring the picture back.
CREATE TABLE picture_tombstone (
  id       INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL,
  product  TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  task     INTEGER NOT NULL,
  line     INTEGER NOT NULL,
  UNIQUE (instance, product, name)
) STRICT;
CREATE INDEX picture_tombstone_age ON picture_tombstone (instance, task);

CREATE TABLE product_tombstone (
  id       INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL,
  product  TEXT    NOT NULL,
  task     INTEGER NOT NULL,
  line     INTEGER NOT NULL,
  UNIQUE (instance, product)
) STRICT;
CREATE INDEX product_tombstone_age ON product_tombstone (instance, task);
