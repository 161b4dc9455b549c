-- An alliance column is NULL in a year ATOP covers, or a number in a year it does not: a zero there would claim that nobody allied.
select cow_code, year
from {{ ref('country_years') }}
where false
{%- for rule in alliance_rules() %}
{%- for column in ['new_' ~ rule ~ '_alliances', 'forms_' ~ rule ~ '_alliance', rule ~ '_alliances_in_force', 'years_since_' ~ rule ~ '_formation'] %}
    or ({{ column }} is null) = (year between {{ var('atop_first_year') }} and {{ var('atop_last_year') }})
{%- endfor %}
{%- endfor %}
