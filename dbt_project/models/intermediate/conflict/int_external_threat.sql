-- External threat of every state-year that the file observes. Our choice: a year in which the file has exactly 0 for
-- every state (1919, 1920, 2008) is a year without the data behind the index, and is left out.
with published as (
    select * from {{ ref('stg_leeds_savun__external_threat') }}
),

spine as (
    select * from {{ ref('int_state_years') }}
),

observed_years as (
    select year
    from published
    group by year
    having max(external_threat) > 0
)

select
    published.cow_code,
    published.year,
    published.external_threat
from published
inner join observed_years
    on published.year = observed_years.year
inner join spine
    on published.cow_code = spine.cow_code and published.year = spine.year
