-- Polity5 under COW codes, one row per state-year that Polity scores. In a year of transition that two Polity codes
-- share, the mapping takes the polity in office on 31 December, the day to which the scores refer.
with published as (
    select * from {{ ref('stg_polity5__country_years') }}
),

mappings as (
    select * from {{ ref('country_mappings') }}
)

select
    mappings.cow_code,
    published.year,
    published.label as polity_code,
    published.polity2,
    published.executive_recruitment_competition,
    published.executive_recruitment_openness,
    published.participation_competition
from published
inner join mappings
    on {{ mapped_to_state('published', 'mappings', "'polity'") }}
