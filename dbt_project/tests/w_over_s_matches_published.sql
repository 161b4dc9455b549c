-- W/S a year before is not the published one, where both W and S exist and the state-years are not among the listed exceptions. The file gives
-- a bare W (a quarter, a half, three quarters or one) where S was missing to its authors; there W is compared.
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'country_years'}}}) }}
select
    panel.cow_code,
    panel.year,
    published.w_over_s_lagged,
    panel.w_over_s,
    panel.winning_coalition
from {{ ref('country_years') }} as panel
inner join {{ ref('stg_allen_digiuseppe__state_years') }} as published
    on panel.cow_code = published.cow_code and panel.year = published.year - 1
left join {{ ref('w_over_s_exceptions') }} as exceptions
    on panel.cow_code = exceptions.cow_code and panel.year between exceptions.first_year and exceptions.last_year
where
    abs(
        published.w_over_s_lagged
        - case when published.w_over_s_lagged in (0.25, 0.5, 0.75, 1) then panel.winning_coalition else panel.w_over_s end
    ) > 0.000001
    and panel.w_over_s is not null
    and exceptions.cow_code is null
