{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
{#- The file has a bare W, one of these, where S was missing to its authors; W is compared there. -#}
{%- set bare_w = [0.25, 0.5, 0.75, 1] %}
{%- set tolerance = 0.000001 %}
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
        - case
            when published.w_over_s_lagged in ({{ bare_w | join(', ') }}) then panel.winning_coalition
            else panel.w_over_s
        end
    ) > {{ tolerance }}
    and panel.w_over_s is not null
    and exceptions.cow_code is null
