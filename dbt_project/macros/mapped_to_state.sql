{# Join condition from a row of a publisher (columns label and year) to the row of a country mapping that names its COW
   state. coding is an SQL expression: a quoted name, or a column of the publisher's rows. #}
{% macro mapped_to_state(published, mapping, coding) -%}
{{ mapping }}.coding = {{ coding }}
    and {{ published }}.label = {{ mapping }}.label
    and {{ published }}.year between {{ mapping }}.first_year and {{ mapping }}.last_year
{%- endmacro %}
