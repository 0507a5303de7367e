-- Read by PostgreSQL once, when its volume is empty; Temporal's databases are made by temporal-schema.sh
CREATE DATABASE liandong;
