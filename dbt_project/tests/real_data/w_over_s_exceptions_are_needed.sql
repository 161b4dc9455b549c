{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
{#- The file has a bare W, one of these, where S was missing to its authors; W is compared there. -#}
{%- set bare_w = [0.25, 0.5, 0.75, 1] %}
{%- set tolerance = 0.000001 %}
select
    exceptions.cow_code,
    exceptions.first_year,
    exceptions.last_year
from {{ ref('w_over_s_exceptions') }} as exceptions
left join {{ ref('country_years') }} as panel
    on exceptions.cow_code = panel.cow_code and panel.year between exceptions.first_year and exceptions.last_year
left join {{ ref('stg_allen_digiuseppe__state_years') }} as published
    on panel.cow_code = published.cow_code and panel.year = published.year - 1
group by exceptions.cow_code, exceptions.first_year, exceptions.last_year
having coalesce(bool_and(
    abs(
        published.w_over_s_lagged
        - case
            when published.w_over_s_lagged in ({{ bare_w | join(', ') }}) then panel.winning_coalition
            else panel.w_over_s
        end
    ) <= {{ tolerance }}
), true)
