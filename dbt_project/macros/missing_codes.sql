{# Numbers by which a publisher marks a missing value; to_double, to_integer and to_boolean turn them into NULL.
     atop      0: a year, month or day of exit of a treaty that is in force at the end of the data
     cow       -9: missing (in capabilities up to version 6.0)
     cow_wars  -8: no second stretch of fighting; -9: unknown
     maddison  0: an income of exactly 0 (the Emirates in 1991 and 1992, edition of 2020) is not an observation
     polity    -66: foreign interruption; -77: interregnum; -88: transition #}
{% macro missing_codes(publisher) -%}
    {{ return({
        'atop': [0],
        'cow': [-9],
        'cow_wars': [-8, -9],
        'maddison': [0],
        'polity': [-66, -77, -88],
    }[publisher]) }}
{%- endmacro %}
