<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- The answer to a subject who asks what is held. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:d="urn:saqta:paper:1" exclude-result-prefixes="d">
  <xsl:include href="common.xsl"/>

  <xsl:template match="/paper"><xsl:apply-templates select="d:access-answer"/></xsl:template>

  <xsl:template match="d:access-answer">
    <xsl:variable name="title"><xsl:call-template name="label"><xsl:with-param name="id">access-answer</xsl:with-param></xsl:call-template></xsl:variable>
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="$title"/>
      <xsl:with-param name="body">
        <h1><xsl:value-of select="$title"/></h1>
        <p><xsl:call-template name="label"><xsl:with-param name="id">access-intro</xsl:with-param></xsl:call-template></p>
        <xsl:call-template name="facts"/>
        <xsl:call-template name="registers"/>
        <xsl:call-template name="clauses"/>
        <p class="small"><xsl:call-template name="label"><xsl:with-param name="id">appeal</xsl:with-param></xsl:call-template></p>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template name="facts">
    <table><tbody>
      <xsl:call-template name="row"><xsl:with-param name="label">controller</xsl:with-param>
        <xsl:with-param name="value"><xsl:value-of select="d:controller/d:name"/><xsl:if test="d:controller/d:bin">, <xsl:call-template name="label"><xsl:with-param name="id">bin</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:controller/d:bin"/></xsl:if></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">policy</xsl:with-param>
        <xsl:with-param name="value"><xsl:value-of select="d:policy/d:id"/>, <xsl:call-template name="label"><xsl:with-param name="id">version</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:policy/d:version"/></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">made</xsl:with-param>
        <xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:made"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">made-by</xsl:with-param><xsl:with-param name="value" select="string(d:made_by)"/></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">log-entry</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:log_entry"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">subject</xsl:with-param><xsl:with-param name="value" select="string(d:subject/d:subject)"/></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">pseudonym</xsl:with-param><xsl:with-param name="value" select="string(d:subject/d:pseudonym)"/></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">state</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="word"><xsl:with-param name="kind">state</xsl:with-param><xsl:with-param name="id" select="d:subject/d:state"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">registered</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:subject/d:registered"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">stopped</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:subject/d:stopped"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">due</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:subject/d:due"/></xsl:call-template></xsl:with-param></xsl:call-template>
    </tbody></table>
  </xsl:template>

  <xsl:template name="registers">
    <xsl:call-template name="register"><xsl:with-param name="title">records</xsl:with-param>
      <xsl:with-param name="columns">category value purposes source collected kept-until</xsl:with-param><xsl:with-param name="rows" select="d:records/d:item"/></xsl:call-template>
    <xsl:if test="d:withheld/d:item">
      <xsl:call-template name="register"><xsl:with-param name="title">withheld</xsl:with-param>
        <xsl:with-param name="columns">category by-clause</xsl:with-param><xsl:with-param name="rows" select="d:withheld/d:item"/></xsl:call-template>
      <p><xsl:call-template name="label"><xsl:with-param name="id">withheld-why</xsl:with-param></xsl:call-template></p>
    </xsl:if>
    <xsl:call-template name="register"><xsl:with-param name="title">consents</xsl:with-param>
      <xsl:with-param name="columns">consent act at version by-clause</xsl:with-param><xsl:with-param name="rows" select="d:consents/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">disclosures</xsl:with-param>
      <xsl:with-param name="columns">at recipient name country purpose basis categories</xsl:with-param><xsl:with-param name="rows" select="d:disclosures/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">requests</xsl:with-param>
      <xsl:with-param name="columns">request kind channel at due state result by-clause</xsl:with-param><xsl:with-param name="rows" select="d:requests/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">reads</xsl:with-param>
      <xsl:with-param name="columns">at reader purpose</xsl:with-param><xsl:with-param name="rows" select="d:reads/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">holds</xsl:with-param>
      <xsl:with-param name="columns">hold basis authority at state</xsl:with-param><xsl:with-param name="rows" select="d:holds/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">milestones</xsl:with-param>
      <xsl:with-param name="columns">milestone purpose at</xsl:with-param><xsl:with-param name="rows" select="d:milestones/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">obligations</xsl:with-param>
      <xsl:with-param name="columns">obligation state at</xsl:with-param><xsl:with-param name="rows" select="d:obligations/d:item"/></xsl:call-template>
  </xsl:template>

  <xsl:template match="d:records/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="id" select="d:category"/></xsl:call-template></td>
      <td dir="auto"><xsl:choose>
        <xsl:when test="d:value_base64 or d:value/@encoding"><xsl:call-template name="label"><xsl:with-param name="id">bytes</xsl:with-param></xsl:call-template>: <xsl:value-of select="concat(d:value_base64, d:value)"/></xsl:when>
        <xsl:otherwise><xsl:value-of select="d:value"/></xsl:otherwise>
      </xsl:choose></td>
      <td><xsl:for-each select="d:grounds/d:item">
        <xsl:if test="position() &gt; 1"><br/></xsl:if>
        <xsl:call-template name="word"><xsl:with-param name="kind">purpose</xsl:with-param><xsl:with-param name="id" select="d:purpose"/></xsl:call-template>
        <xsl:text>: </xsl:text>
        <xsl:if test="d:permitted = 'false'"><xsl:call-template name="label"><xsl:with-param name="id">not-permitted</xsl:with-param></xsl:call-template><xsl:text>, </xsl:text></xsl:if>
        <xsl:if test="d:basis"><xsl:call-template name="word"><xsl:with-param name="kind">basis</xsl:with-param><xsl:with-param name="id" select="d:basis"/></xsl:call-template><xsl:text>, </xsl:text></xsl:if>
        <xsl:if test="d:consents/d:item"><xsl:call-template name="words"><xsl:with-param name="kind">consent</xsl:with-param><xsl:with-param name="of" select="d:consents/d:item"/></xsl:call-template><xsl:text>, </xsl:text></xsl:if>
        <xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template>
      </xsl:for-each></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">source</xsl:with-param><xsl:with-param name="id" select="d:source"/></xsl:call-template><xsl:if test="d:partner">: <xsl:value-of select="d:partner"/></xsl:if></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:collected"/></xsl:call-template><xsl:if test="d:corrected"><br/><xsl:call-template name="label"><xsl:with-param name="id">corrected</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:call-template name="time"><xsl:with-param name="of" select="d:corrected"/></xsl:call-template></xsl:if></td>
      <td>
        <xsl:choose>
          <xsl:when test="d:kept_until"><xsl:call-template name="day"><xsl:with-param name="of" select="d:kept_until"/></xsl:call-template><xsl:text> </xsl:text><xsl:call-template name="list"><xsl:with-param name="of" select="d:kept_until_by/d:item"/></xsl:call-template></xsl:when>
          <xsl:otherwise><xsl:call-template name="label"><xsl:with-param name="id">no-term</xsl:with-param></xsl:call-template></xsl:otherwise>
        </xsl:choose>
        <xsl:if test="d:kept_at_least_until"><br/><xsl:call-template name="label"><xsl:with-param name="id">at-least</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:call-template name="day"><xsl:with-param name="of" select="d:kept_at_least_until"/></xsl:call-template><xsl:text> </xsl:text><xsl:call-template name="list"><xsl:with-param name="of" select="d:kept_at_least_by/d:item"/></xsl:call-template></xsl:if>
        <xsl:if test="d:held_by"><br/><xsl:call-template name="label"><xsl:with-param name="id">held-by</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:call-template name="list"><xsl:with-param name="of" select="d:held_by/d:item"/></xsl:call-template></xsl:if>
      </td>
    </tr>
  </xsl:template>

  <xsl:template match="d:withheld/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="id" select="d:category"/></xsl:call-template></td>
      <td><xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template></td>
    </tr>
  </xsl:template>

  <xsl:template match="d:consents/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">consent</xsl:with-param><xsl:with-param name="id" select="d:consent"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">act</xsl:with-param><xsl:with-param name="id" select="d:act"/></xsl:call-template></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td><xsl:value-of select="d:version"/></td>
      <td><xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template></td>
    </tr>
  </xsl:template>

  <xsl:template match="d:disclosures/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">recipient</xsl:with-param><xsl:with-param name="id" select="d:recipient"/></xsl:call-template></td>
      <td dir="auto"><xsl:value-of select="d:name"/></td>
      <td><xsl:value-of select="d:country"/></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">purpose</xsl:with-param><xsl:with-param name="id" select="d:purpose"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">basis</xsl:with-param><xsl:with-param name="id" select="d:basis"/></xsl:call-template></td>
      <td><xsl:call-template name="words"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="of" select="d:categories/d:item"/></xsl:call-template></td>
    </tr>
  </xsl:template>
  <xsl:template match="d:requests/d:item" mode="row">
    <tr>
      <td dir="auto"><xsl:value-of select="d:request"/></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">request</xsl:with-param><xsl:with-param name="id" select="d:kind"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">channel</xsl:with-param><xsl:with-param name="id" select="d:channel"/></xsl:call-template></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:due"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">request-state</xsl:with-param><xsl:with-param name="id" select="d:state"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">result</xsl:with-param><xsl:with-param name="id" select="d:result"/></xsl:call-template><xsl:if test="d:refusal">: <xsl:call-template name="word"><xsl:with-param name="kind">reason</xsl:with-param><xsl:with-param name="id" select="d:refusal"/></xsl:call-template></xsl:if></td>
      <td><xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template></td>
    </tr>
  </xsl:template>

  <xsl:template match="d:reads/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td dir="auto"><xsl:value-of select="d:reader"/></td>
      <td><xsl:choose>
        <xsl:when test="not(d:purpose)"><xsl:call-template name="label"><xsl:with-param name="id">masked</xsl:with-param></xsl:call-template></xsl:when>
        <xsl:when test="d:purpose = 'export'"><xsl:call-template name="label"><xsl:with-param name="id">export</xsl:with-param></xsl:call-template></xsl:when>
        <xsl:otherwise><xsl:call-template name="word"><xsl:with-param name="kind">purpose</xsl:with-param><xsl:with-param name="id" select="d:purpose"/></xsl:call-template></xsl:otherwise>
      </xsl:choose></td>
    </tr>
  </xsl:template>

  <xsl:template match="d:holds/d:item" mode="row">
    <tr>
      <td dir="auto"><xsl:value-of select="d:hold"/></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">basis</xsl:with-param><xsl:with-param name="id" select="d:basis"/></xsl:call-template></td>
      <td dir="auto"><xsl:value-of select="d:authority"/></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">state</xsl:with-param><xsl:with-param name="id" select="d:state"/></xsl:call-template></td>
    </tr>
  </xsl:template>
  <xsl:template match="d:milestones/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">milestone</xsl:with-param><xsl:with-param name="id" select="d:milestone"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">purpose</xsl:with-param><xsl:with-param name="id" select="d:purpose"/></xsl:call-template></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
    </tr>
  </xsl:template>
  <xsl:template match="d:obligations/d:item" mode="row">
    <tr>
      <td dir="auto"><xsl:value-of select="d:obligation"/></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">state</xsl:with-param><xsl:with-param name="id" select="d:state"/></xsl:call-template></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
    </tr>
  </xsl:template>
</xsl:stylesheet>
