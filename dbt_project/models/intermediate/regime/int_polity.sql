-- Polity5 under COW codes, one row per state-year that Polity scores. In a year of transition two codes of Polity's share, the mapping
-- takes the one in office on 31 December, the day to which Polity's scores refer.
select
    mappings.cow_code,
    polity.year,
    polity.label as polity_code,
    polity.polity2,
    polity.executive_recruitment_competition,
    polity.executive_recruitment_openness,
    polity.participation_competition
from {{ ref('stg_polity5__country_years') }} as polity
inner join {{ ref('country_mappings') }} as mappings
    on mappings.coding = 'polity'
    and polity.label = mappings.label
    and polity.year between mappings.first_year and mappings.last_year
