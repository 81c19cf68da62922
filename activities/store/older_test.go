package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// olderVersion is the version of the file that the statements below are for.
const olderVersion = 4

// olderStatements are those by which a program of that version takes a task from
// its begin to its end. ?1 is the number of the task, ?2 the id of its run.
var olderStatements = []string{
	`INSERT INTO task (id, kind, workflow_id, run_id, run_started, instance, instance_name, public_id,
		service_type, region, bucket, path, callback, role, from_root, max_failures, max_deletes)
		VALUES (?1, 'batchtask', 'batch-task.shop', ?2, 1, 1, 'shop', 'id', 0, 'cn-shanghai', 'photos', '/spring', 'https://shop.example', '', 0, '', '')`,
	`UPDATE task SET planned = 1, list = '{"lines":2,"rawLines":2,"sliceLines":2,"slices":1}' WHERE id = ?1 AND run_id = ?2`,
	`INSERT INTO attempt (task, slice, id, opened) VALUES (?1, 0, ?2, 1) ON CONFLICT DO NOTHING`,
	`UPDATE attempt SET mark = 1 WHERE task = ?1 AND slice = 0 AND id = ?2`,
	`INSERT OR REPLACE INTO slice (task, slice, lines, done, succeeded, failed, skipped, fetched, validated, featurized, indexed, codes)
		VALUES (?1, 0, 2, x'03', 1, 1, 0, 2, 1, 1, 1, iif(?2 = '', '', '{"PictureError":1}'))`,
	`INSERT INTO failure (task, line, start, length, operation, product, picture, code, message, attempts)
		VALUES (?1, 2, 0, 10, 'ADD', 'p', ?2, 'PictureError', 'bad', 1)`,
	`DELETE FROM attempt WHERE task = ?1 AND slice = 0 AND id = ?2`,
	`INSERT INTO operation (id, run_id, instance, taken, done, result) VALUES (?1, ?2, 1, 1, 1, '') ON CONFLICT DO NOTHING`,
	`UPDATE task SET state = 'SUCCESS', code = '', message = 'success', ended = 2, callback_state = iif(callback = '', '', 'pending'),
		tally = '{"succeeded":1,"failed":1,"skipped":0,"canceled":0,"fetched":2,"validated":1,"featurized":1,"indexed":1,"codes":{"PictureError":1}}'
		WHERE id = ?1 AND run_id = ?2 AND state = 'PROCESSING'`,
	`UPDATE task SET report_key = 'report', csv_key = 'csv' WHERE id = ?1 AND run_id = ?2`,
	`UPDATE task SET callback_state = 'delivered', callback_error = '' WHERE id = ?1 AND run_id = ?2`,
}

// olderQuestion is how such a program reads a task.
const olderQuestion = `SELECT id, kind, workflow_id, run_id, run_started, instance_name, public_id, service_type, region, bucket, path,
	callback, role, from_root, state, code, message, planned, list, tally, ended, report_key, csv_key,
	callback_state, callback_error, max_failures, max_deletes FROM task WHERE id = ?1 AND run_id = ?2`

// older is a program of that version, with the statements that it has prepared.
type older struct {
	db       *sql.DB
	prepared []*sql.Stmt
	question *sql.Stmt
}

func startOlder(t *testing.T, path string) *older {
	t.Helper()
	db, err := sql.Open("sqlite3", path+"?_busy_timeout=20000&_txlock=immediate&_foreign_keys=true&_journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	o := &older{db: db}
	for _, statement := range append(olderStatements, olderQuestion) {
		prepared, err := db.PrepareContext(t.Context(), statement)
		if err != nil {
			t.Fatal(err)
		}
		o.prepared, o.question = append(o.prepared, prepared), prepared
	}
	return o
}

// work takes a task through its life, each statement in a transaction of its own.
func (o *older) work(t *testing.T, number int64) error {
	run := fmt.Sprint("run-", number)
	for i, prepared := range o.prepared[:len(olderStatements)] {
		tx, err := o.db.BeginTx(t.Context(), nil)
		if err != nil {
			return err
		}
		result, err := tx.StmtContext(t.Context(), prepared).ExecContext(t.Context(), number, run)
		if err := errors.Join(err, tx.Commit()); err != nil {
			return fmt.Errorf("statement %d: %w", i, err)
		}
		if rows, err := result.RowsAffected(); err != nil || rows != 1 {
			return fmt.Errorf("statement %d changed %d rows, %w", i, rows, err)
		}
	}
	rows, err := o.question.QueryContext(t.Context(), number, run)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return fmt.Errorf("task %d is gone", number)
	}
	return rows.Err()
}

// A worker that is running when a newer one brings the file up to date goes on,
// and one of its version may be started anew: workers are replaced one by one,
// and an upgrade can be taken back.
func TestOlderWorkersGoOnWhileTheSchemaIsMigrated(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	raw(t, path, strings.Join(store.Scripts(olderVersion), ";\n")+`; PRAGMA journal_mode = WAL;
		INSERT INTO instance (name, public_id, request_id, region, service_type, capacity, created)
			VALUES ('shop', 'id', 'request', 'cn-shanghai', 0, 10, 1);
		UPDATE sequence SET last = 1000000`) // what the older one takes is below
	running := startOlder(t, path)
	started, migrated, finished := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var last int64
	go func() {
		finished <- func() error {
			for after := 0; after < 20; last++ {
				if err := running.work(t, last+1); err != nil {
					return err
				}
				if last == 3 {
					close(started)
				}
				select {
				case <-migrated:
					after++
				default:
				}
			}
			return nil
		}()
	}()
	select {
	case <-started:
	case err := <-finished:
		t.Fatal(err)
	}
	s := open(t, path)
	close(migrated)
	if err := <-finished; err != nil {
		t.Fatalf("the older program fails: %v", err)
	}

	for id := int64(1); id <= last; id++ {
		got, err := s.Task(t.Context(), id)
		if err != nil || got.State != contract.StateSuccess || got.Tally.Succeeded != 1 || got.Tally.Codes["PictureError"] != 1 || got.ReportKey != "report" {
			t.Fatalf("task %d of the older program is %+v, %v", id, got, err)
		}
	}
	own := begin(t, s, "own")
	if err := startOlder(t, path).work(t, last+1); err != nil {
		t.Errorf("an older program that is started on the newer file: %v", err)
	}
	if got := end(t, s, contract.Ending{Task: own, State: contract.StateStop}); got.State != contract.StateStop {
		t.Errorf("the newer program's task is %s", got.State)
	}
	var oldest, facts int
	if err := s.Read(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Row([]any{&oldest, &facts}, "SELECT user_version, (SELECT count(*) FROM meta WHERE name = 'schema') FROM pragma_user_version")
		return err
	}); err != nil || oldest != olderVersion || facts != 1 {
		t.Errorf("the file may be opened from version %d on and knows its own: %d, %v; want version %d", oldest, facts, err, olderVersion)
	}
}

// A newer file that has only been added to is opened; its version stays.
func TestOpenFileOfANewerProgramThatOnlyAdds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	first := open(t, path)
	raw(t, path, "UPDATE meta SET value = '999' WHERE name = 'schema'; ALTER TABLE task ADD COLUMN later TEXT NOT NULL DEFAULT 'x'")
	second := open(t, path)
	if first.Installation() == "" || first.Installation() != second.Installation() {
		t.Errorf("the installation is %q and then %q", first.Installation(), second.Installation())
	}
	if kept, err := second.Fact(t.Context(), "schema", "5"); err != nil || kept != "999" {
		t.Errorf("the version is %s, %v; want that of the newer program", kept, err)
	}
}

// What an older program may go on with only adds.
func TestMigrationsThatOlderProgramsSurviveOnlyAdd(t *testing.T) {
	t.Parallel()
	scripts := store.Scripts(5)
	comment, spaces := regexp.MustCompile(`--[^\n]*`), regexp.MustCompile(`\s+`)
	adds := regexp.MustCompile(`^(CREATE TABLE|CREATE INDEX|ALTER TABLE \w+ ADD COLUMN \w+ (\w+ NOT NULL DEFAULT .+|\w+))`)
	for statement := range strings.SplitSeq(comment.ReplaceAllString(scripts[olderVersion], ""), ";") {
		if statement = strings.TrimSpace(spaces.ReplaceAllString(statement, " ")); statement != "" && !adds.MatchString(statement) {
			t.Errorf("%q does not only add", statement)
		}
	}
}

func TestInstallationsDiffer(t *testing.T) {
	t.Parallel()
	here, there := shop(t), shop(t)
	if here.Installation() == there.Installation() || len(here.Installation()) != 16 {
		t.Errorf("installations %q and %q; want two ids", here.Installation(), there.Installation())
	}
}
