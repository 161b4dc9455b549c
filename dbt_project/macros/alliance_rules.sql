{# The seven rules by which an alliance is counted, in the order of the published columns. "any" counts every treaty of
   the state, whatever its obligations; "military" counts every obligation but pure non-aggression. #}
{% macro alliance_rules() -%}
    {{ return(['any', 'military', 'defense', 'offense', 'neutrality', 'nonaggression', 'consultation']) }}
{%- endmacro %}

{# Whether a row of stg_atop__members has the obligation that a rule requires. #}
{% macro obligation(rule) -%}
{%- if rule == 'military' -%}
(has_defense or has_offense or has_neutrality or has_consultation)
{%- else -%}
has_{{ rule }}
{%- endif -%}
{%- endmacro %}
