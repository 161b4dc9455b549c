-- A listed exception in which published and computed values agree throughout: it should go, or it would hide a future difference.
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'country_years'}}}) }}
select exceptions.cow_code, exceptions.first_year, exceptions.last_year
from {{ ref('w_over_s_exceptions') }} as exceptions
left join {{ ref('country_years') }} as panel
    on panel.cow_code = exceptions.cow_code and panel.year between exceptions.first_year and exceptions.last_year
left join {{ ref('stg_allen_digiuseppe__state_years') }} as published
    on panel.cow_code = published.cow_code and panel.year = published.year - 1
group by exceptions.cow_code, exceptions.first_year, exceptions.last_year
having coalesce(bool_and(abs(
    published.w_over_s_lagged
    - case when published.w_over_s_lagged in (0.25, 0.5, 0.75, 1) then panel.winning_coalition else panel.w_over_s end
) <= 0.000001), true)
