-- A state-year is in the earlier edition of the state list but not in the spine, or in the spine but not there, up to that edition's last
-- year: the two lists of the same publisher disagree, or the spells were expanded wrongly.
{{ config(meta={'dagster': {'ref': {'name': 'int_state_years'}}}) }}
with listed as (
    select cow_code, year from {{ ref('stg_cow__state_system_years') }}
),

spine as (
    select cow_code, year
    from {{ ref('int_state_years') }}
    where year <= (select max(year) from listed)
)

(select 'not in the spine' as problem, * from listed except all select 'not in the spine', * from spine)
union all
(select 'not in the list', * from spine except all select 'not in the list', * from listed)
