-- Failure: up to the last year of the earlier edition of the state list, a state-year is in only one of that edition
-- and the spine. The two lists of the publisher disagree, or the spells were expanded wrongly.
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
