-- Roles and database of a shared lake. A superuser runs it once, before the first refresh:
--   psql -v ON_ERROR_STOP=1 -f orchestration/deploy/roles.sql
-- The passwords are the contents of the files lake_owner and lake_reader in the folder that LAKE_SECRETS names.
\set owner_password `cat "${LAKE_SECRETS:-/run/secrets}/lake_owner"`
\set reader_password `cat "${LAKE_SECRETS:-/run/secrets}/lake_reader"`
CREATE ROLE lake_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE lake_reader LOGIN PASSWORD :'reader_password';
CREATE DATABASE lake OWNER lake_owner;
\connect lake
-- A reader may read whatever the owner creates later: the publications, and Dagster's history for warehouse status.
ALTER DEFAULT PRIVILEGES FOR ROLE lake_owner GRANT USAGE ON SCHEMAS TO lake_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE lake_owner GRANT SELECT ON TABLES TO lake_reader;
