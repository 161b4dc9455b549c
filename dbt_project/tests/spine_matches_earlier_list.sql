{{ config(meta={'dagster': {'ref': {'name': 'int_state_years'}}}) }}
with listed as (
    select
        cow_code,
        year
    from {{ ref('stg_cow__state_system_years') }}
),

spine as (
    select
        cow_code,
        year
    from {{ ref('int_state_years') }}
    where year <= (select max(listed.year) from listed)
),

missing_from_spine as (
    select
        cow_code,
        year
    from listed
    except all
    select
        cow_code,
        year
    from spine
),

missing_from_list as (
    select
        cow_code,
        year
    from spine
    except all
    select
        cow_code,
        year
    from listed
)

select
    'not in the spine' as problem,
    cow_code,
    year
from missing_from_spine
union all
select
    'not in the list' as problem,
    cow_code,
    year
from missing_from_list
