{# The region of a state by the hundreds of its COW code; North Africa and the Sudan (600-699) are with the Middle
   East. #}
{% macro cow_region(cow_code) -%}
    case
        when {{ cow_code }} between 1 and 199 then 'Americas'
        when {{ cow_code }} between 200 and 399 then 'Europe'
        when {{ cow_code }} between 400 and 599 then 'Sub-Saharan Africa'
        when {{ cow_code }} between 600 and 699 then 'Middle East and North Africa'
        when {{ cow_code }} between 700 and 899 then 'Asia'
        when {{ cow_code }} between 900 and 999 then 'Oceania'
    end
{%- endmacro %}
