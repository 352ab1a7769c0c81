-- version 2
INSERT INTO monitor (id, name, type, hostname, interval) VALUES (1, x'00ff', 'ping', 'h', 60), (2, 'huge', 'ping', 'h', 9223372036854775807), (3, 'text', 'ping', 'h', 'often'), (4, 'parent', 'ping', 'h', 60);
UPDATE monitor SET parent = 99 WHERE id = 4;
INSERT INTO heartbeat (monitor_id, status, time, msg, ping) VALUES (4, 1, 'yesterday', x'ff', 9223372036854775807), (4, 7, '2026-11-10 10:00:00', 'x', 1);
INSERT INTO notification (id, name, config, user_id) VALUES (1, NULL, NULL, 1);
DROP TABLE monitor_tag;
