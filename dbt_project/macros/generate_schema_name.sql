{# A model's schema is exactly the one its folder names: staging, intermediate, marts or seeds, without a prefix. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
