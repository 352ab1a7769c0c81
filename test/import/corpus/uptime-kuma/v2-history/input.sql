-- version 2
INSERT INTO "monitor" ("id", "name", "type", "url", "interval") VALUES (1, 'web', 'http', 'https://a.example.com/', 60);
INSERT INTO "stat_daily" ("monitor_id", "timestamp", "ping", "up", "down") VALUES (1, 1795046400, 30.5, 1400, 3);
INSERT INTO "stat_hourly" ("monitor_id", "timestamp", "ping", "up", "down") VALUES (1, 1795046400, 30.5, 60, 0);
INSERT INTO "heartbeat" ("important", "monitor_id", "status", "msg", "time", "ping", "retries") VALUES (1, 1, 1, '200 - OK', '2026-11-01 00:00:00.123', 30, 0);
INSERT INTO "heartbeat" ("important", "monitor_id", "status", "msg", "time", "ping", "retries") VALUES (1, 1, 0, 'timeout', '2026-11-10 10:00:00.000', NULL, 0);
INSERT INTO "heartbeat" ("important", "monitor_id", "status", "msg", "time", "ping", "retries") VALUES (1, 1, 1, '200 - OK', '2026-11-10 10:05:00.000', 44, 0);
ALTER TABLE monitor ADD COLUMN frobnicate TEXT;
UPDATE monitor SET frobnicate = 'yes';
