with atop_span as (
    {{ source_span('atop') }}
)

select
    panel.cow_code,
    panel.year
from {{ ref('country_years') }} as panel
cross join atop_span
where
    false
    {%- for rule in alliance_rules() %}
    {%- for column in [
        'new_' ~ rule ~ '_alliances',
        'forms_' ~ rule ~ '_alliance',
        rule ~ '_alliances_in_force',
        'years_since_' ~ rule ~ '_formation',
    ] %}
    or (panel.{{ column }} is null) = (panel.year between atop_span.first_year and atop_span.last_year)
    {%- endfor %}
    {%- endfor %}
