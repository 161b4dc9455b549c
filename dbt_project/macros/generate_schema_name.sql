{# The schema of a model is the name of its layer (staging, intermediate, marts, seeds), without the prefix of dbt. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
