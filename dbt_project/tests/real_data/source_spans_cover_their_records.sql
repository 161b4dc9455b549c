{{ config(meta={'dagster': {'ref': {'name': 'source_spans'}}}) }}
with recorded_years as (
    {%- for source_name, relation, column in [
        ('atop', ref('stg_atop__members'), 'entry_year'),
        ('atop', ref('stg_atop__members'), 'exit_year'),
        ('interstate_wars', ref('stg_cow__interstate_wars'), 'first_start_year'),
        ('interstate_wars', ref('stg_cow__interstate_wars'), 'first_end_year'),
        ('interstate_wars', ref('stg_cow__interstate_wars'), 'second_end_year'),
    ] %}
    select
        '{{ source_name }}' as source,
        {{ column }} as year
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    recorded_years.source,
    recorded_years.year
from recorded_years
inner join {{ ref('source_spans') }} as spans
    on recorded_years.source = spans.source
where recorded_years.year not between spans.first_year and spans.last_year
