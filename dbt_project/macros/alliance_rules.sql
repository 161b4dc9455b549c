{# The seven rules by which an alliance is counted, in the order of the published columns. "any" is every treaty the state is a
   member of, whatever it promises; "military" is every obligation but pure non-aggression. #}
{% macro alliance_rules() %}{{ return(['any', 'military', 'defense', 'offense', 'neutrality', 'nonaggression', 'consultation']) }}{% endmacro %}
