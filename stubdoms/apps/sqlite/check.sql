-- SPDX-License-Identifier: MIT
-- What programs_test feeds to SQLite's shell: a database in a file that is filled, indexed, joined, rolled back, vacuumed, copied in the middle
-- of a transaction and recovered. Each row of `checked` is one check; the last line counts them, or names what failed.
.bail on
.open /tmp/check.db
PRAGMA page_size = 1024;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = FILE;
CREATE TEMP TABLE checked(name TEXT, good);

CREATE TABLE city(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, people INTEGER CHECK (people >= 0));
CREATE TABLE road(a REFERENCES city(id), b REFERENCES city(id) ON DELETE CASCADE, length REAL, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE log(what TEXT);
CREATE TRIGGER grown AFTER UPDATE OF people ON city WHEN new.people > old.people BEGIN INSERT INTO log VALUES (new.name || ' grew'); END;
BEGIN;
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO city SELECT i, printf('city %05d', i * 7919 % 5003), i * 31 % 997 FROM n;
INSERT INTO road SELECT id, id % 5000 + 1, id * 0.5 FROM city;
INSERT INTO road SELECT id, id * 17 % 5000 + 1, id * 0.25 FROM city WHERE id * 17 % 5000 <> id % 5000;
COMMIT;
INSERT INTO checked SELECT 'rows', count(*) = 5000 AND sum(id) = 12502500 FROM city;

-- An index, and that it is used (programs_test looks at the plan).
CREATE INDEX by_people ON city(people, name);
ANALYZE;
EXPLAIN QUERY PLAN SELECT name FROM city WHERE people = 500;
INSERT INTO checked SELECT 'index', count(*) = (SELECT count(*) FROM city NOT INDEXED WHERE people = 500) AND count(*) > 0
    FROM city INDEXED BY by_people WHERE people = 500;

-- Joins, aggregates, windows, a walk over the graph.
INSERT INTO checked SELECT 'join', count(*) = (SELECT count(*) FROM road) AND total(length) > 0
    FROM road JOIN city AS x ON x.id = road.a JOIN city AS y ON y.id = road.b;
INSERT INTO checked SELECT 'window', max(rank) = 5000 AND count(DISTINCT rank) = 5000
    FROM (SELECT row_number() OVER (ORDER BY people, name) AS rank FROM city);
INSERT INTO checked WITH RECURSIVE reached(id) AS (VALUES (1) UNION SELECT b FROM road JOIN reached ON a = id)
    SELECT 'recursion', count(*) = 5000 FROM reached;

-- Changes: rolled back, in part, ignored, resolved; triggers; foreign keys.
BEGIN;
DELETE FROM road;
UPDATE city SET people = people + 1;
ROLLBACK;
INSERT INTO checked SELECT 'rollback', (SELECT count(*) FROM log) = 0 AND (SELECT count(*) FROM road) > 5000;
BEGIN;
UPDATE city SET people = 100000 WHERE id = 1;
SAVEPOINT half;
UPDATE city SET people = 200000 WHERE id = 2;
ROLLBACK TO half;
COMMIT;
INSERT INTO checked SELECT 'savepoint and trigger', (SELECT count(*) FROM city WHERE people >= 100000) = 1 AND (SELECT count(*) FROM log) = 1;
INSERT OR IGNORE INTO city VALUES (6000, (SELECT name FROM city WHERE id = 3), 0);
INSERT INTO checked SELECT 'unique', changes() = 0;
INSERT INTO city VALUES (3, 'other', 5) ON CONFLICT (id) DO UPDATE SET people = excluded.people;
INSERT INTO checked SELECT 'upsert', people = 5 FROM city WHERE id = 3;
DELETE FROM road WHERE a = 7;
DELETE FROM city WHERE id = 7;
INSERT INTO checked SELECT 'cascade', count(*) = 0 FROM road WHERE b = 7;

-- Extensions that are compiled in.
CREATE VIRTUAL TABLE words USING fts5(text);
INSERT INTO words SELECT name || ' has ' || people || ' people' FROM city;
INSERT INTO checked SELECT 'full text', count(*) = (SELECT count(*) FROM city WHERE people = 500) FROM words WHERE words MATCH '500 AND people';
CREATE VIRTUAL TABLE boxes USING rtree(id, x1, x2, y1, y2);
INSERT INTO boxes SELECT id, id % 100, id % 100 + 1, id / 100, id / 100 + 1 FROM city;
INSERT INTO checked SELECT 'r-tree', count(*) BETWEEN 100 AND 144 FROM boxes WHERE x1 >= 10 AND x2 <= 21 AND y1 >= 10 AND y2 <= 21;
INSERT INTO checked SELECT 'JSON', sum(value ->> 'n') = 6 FROM json_each('[{"n":1},{"n":2},{"n":3}]');
INSERT INTO checked SELECT 'mathematics', abs(sin(radians(30)) - 0.5) < 1e-12 AND abs(pow(2, 0.5) - sqrt(2)) < 1e-12;
INSERT INTO checked SELECT 'date', strftime('%Y-%m-%d %H:%M:%S', 1000000000, 'unixepoch') = '2001-09-09 01:46:40';

-- The file: a sort that spills, room given back, a copy.
PRAGMA cache_size = 20;
CREATE TEMP TABLE noise AS SELECT hex(randomblob(200)) AS h FROM city;
INSERT INTO checked SELECT 'sort', min(good) AND count(*) = 4999 FROM
    (SELECT h >= lag(h, 1, '') OVER () AS good FROM (SELECT h FROM noise ORDER BY h));
DELETE FROM boxes WHERE id > 100;
CREATE TEMP TABLE size AS SELECT page_count AS before FROM pragma_page_count;
VACUUM;
INSERT INTO checked SELECT 'vacuum', page_count < before FROM pragma_page_count, size;
VACUUM INTO '/tmp/copy.db';
ATTACH '/tmp/copy.db' AS copy;
INSERT INTO checked SELECT 'copy', (SELECT count(*) FROM (SELECT * FROM main.city EXCEPT SELECT * FROM copy.city)) = 0
    AND (SELECT count(*) FROM copy.city) = 4999;
DETACH copy;
INSERT INTO checked SELECT 'integrity', integrity_check = 'ok' FROM pragma_integrity_check;
INSERT INTO checked SELECT 'foreign keys', count(*) = 0 FROM pragma_foreign_key_check;

-- A crash in the middle of a transaction: the files as they are then, changed pages among them; whoever opens them rolls back.
BEGIN;
UPDATE city SET name = name || ' and a good deal more';
SELECT 'bytes of the torn copy: ' || writefile('/tmp/torn.db', readfile('/tmp/check.db')) || ', of its journal: ' ||
    writefile('/tmp/torn.db-journal', readfile('/tmp/check.db-journal'));
ROLLBACK;
INSERT INTO checked SELECT 'the copy is torn', instr(readfile('/tmp/torn.db'), CAST(' and a good deal more' AS BLOB)) > 0;
ATTACH '/tmp/torn.db' AS torn;
INSERT INTO checked SELECT 'recovery', count(*) = 0 FROM torn.city WHERE name LIKE '%more';
INSERT INTO checked SELECT 'integrity after recovery', integrity_check = 'ok' FROM pragma_integrity_check('city');
INSERT INTO checked SELECT 'nothing lost', (SELECT count(*) FROM (SELECT * FROM main.city EXCEPT SELECT * FROM torn.city)) = 0
    AND (SELECT count(*) FROM torn.city) = 4999;
DETACH torn;

-- Other journals.
PRAGMA journal_mode = TRUNCATE;
UPDATE city SET people = people + 1;
PRAGMA journal_mode = PERSIST;
UPDATE city SET people = people + 1;
INSERT INTO checked SELECT 'journals', (SELECT count(*) FROM log) = 2 * 4999 + 1;

-- A write-ahead log, whose index is a file that is mapped and shared; and its recovery, from copies made before a checkpoint.
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_mode = WAL;
UPDATE city SET people = people + 1;
INSERT INTO checked SELECT 'write-ahead log', journal_mode = 'wal' FROM pragma_journal_mode;
SELECT 'bytes of the file: ' || writefile('/tmp/logged.db', readfile('/tmp/check.db')) || ', of its log: ' ||
    writefile('/tmp/logged.db-wal', readfile('/tmp/check.db-wal'));
INSERT INTO checked SELECT 'changes are in the log', length(readfile('/tmp/check.db-wal')) > 100000
    AND length(readfile('/tmp/check.db-shm')) = 32768;
ATTACH '/tmp/logged.db' AS logged;
INSERT INTO checked SELECT 'recovery from the log', (SELECT count(*) FROM (SELECT * FROM main.city EXCEPT SELECT * FROM logged.city)) = 0
    AND (SELECT count(*) FROM logged.city) = 4999;
DETACH logged;
PRAGMA wal_checkpoint(TRUNCATE);
INSERT INTO checked SELECT 'checkpoint', length(readfile('/tmp/check.db-wal')) = 0 AND integrity_check = 'ok' FROM pragma_integrity_check;
PRAGMA journal_mode = DELETE;

-- Pages of the file read where it is mapped, while it grows and shrinks.
PRAGMA mmap_size = 16777216;
CREATE TABLE heap(words TEXT);
INSERT INTO heap SELECT hex(randomblob(500)) FROM city;
INSERT INTO checked SELECT 'grown while mapped', count(*) = 4999 AND min(length(words)) = 1000 FROM heap;
DROP TABLE heap;
VACUUM;
INSERT INTO checked SELECT 'shrunk while mapped', integrity_check = 'ok' FROM pragma_integrity_check;

SELECT 'FAILED: ' || name FROM checked WHERE good IS NOT 1;
SELECT 'sqlite: ' || count(*) || ' checks passed' FROM checked WHERE good IS 1;
