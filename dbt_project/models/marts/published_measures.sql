-- Measures of the published models that country_years has in another form: W/S and rivals as in the file of Allen and
-- DiGiuseppe (2013), and the time since the last military formation as the Stata program btscs counts it.
with counted as (
    {{ btscs_years(ref('int_alliance_years'), 'forms_military_alliance') }}
),

published as (
    select * from {{ ref('stg_allen_digiuseppe__state_years') }}
)

select
    counted.cow_code,
    counted.year,
    published.w_over_s_lagged as published_w_over_s_lagged,
    published.dispute_rivals_lagged as published_dispute_rivals_lagged,
    counted.years_since_event as published_years_since_formation
from counted
left join published
    on counted.cow_code = published.cow_code and counted.year = published.year
order by counted.cow_code, counted.year
