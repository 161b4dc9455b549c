{{ config(meta={'dagster': {'ref': {'name': 'country_years', 'version': 1}}}) }}
with found as (
    {%- for rule in alliance_rules() %}
    select
        'formed' as measure,
        '{{ rule }}' as rule,
        year - year % 10 as decade,
        count(*) as state_years
    from {{ ref('country_years') }}
    where forms_{{ rule }}_alliance
    group by decade
    union all
    select
        'in_force' as measure,
        '{{ rule }}' as rule,
        year - year % 10 as decade,
        count(*) as state_years
    from {{ ref('country_years') }}
    where {{ rule }}_alliances_in_force > 0
    group by decade
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    coalesce(golden.measure, found.measure) as measure,
    coalesce(golden.rule, found.rule) as rule,
    coalesce(golden.decade, found.decade) as decade,
    golden.state_years as expected,
    found.state_years as found
from {{ ref('golden_alliance_state_years') }} as golden
full join found
    on golden.measure = found.measure and golden.rule = found.rule and golden.decade = found.decade
where golden.state_years is distinct from found.state_years
